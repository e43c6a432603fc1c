"""The tables of a library that was made before there were migrations, as that program made them."""

ALWAYS = """
CREATE TABLE meta (
    "key" VARCHAR NOT NULL,
    value JSON NOT NULL,
    PRIMARY KEY ("key")
);
CREATE TABLE documents (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name VARCHAR NOT NULL,
    media_type VARCHAR NOT NULL,
    size INTEGER NOT NULL,
    digest VARCHAR NOT NULL,
    pages INTEGER,
    status VARCHAR NOT NULL,
    reason TEXT NOT NULL,
    chunks INTEGER NOT NULL,
    text TEXT,
    spans JSON,
    settings JSON,
    added FLOAT NOT NULL,
    "indexed" FLOAT,
    seconds FLOAT
);
CREATE INDEX ix_documents_digest ON documents (digest);
CREATE INDEX ix_documents_status ON documents (status);
CREATE INDEX ix_documents_name ON documents (name);
CREATE TABLE word_boxes (
    document_id INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (document_id),
    FOREIGN KEY(document_id) REFERENCES documents (id)
);
CREATE TABLE chunks (
    document_id INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    id VARCHAR NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    page INTEGER,
    heading JSON NOT NULL,
    text TEXT NOT NULL,
    vector BLOB NOT NULL,
    PRIMARY KEY (document_id, ordinal),
    FOREIGN KEY(document_id) REFERENCES documents (id)
);
CREATE INDEX chunks_by_id ON chunks (id);
CREATE TABLE tokens (
    document_id INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    digest BLOB NOT NULL,
    codes BLOB NOT NULL,
    PRIMARY KEY (document_id, ordinal),
    FOREIGN KEY(document_id, ordinal) REFERENCES chunks (document_id, ordinal) ON DELETE CASCADE
);
CREATE INDEX tokens_by_digest ON tokens (digest);
INSERT INTO meta VALUES ('version', '"1"');
INSERT INTO documents VALUES
    (1, 'a.txt', 'text/plain', 3, 'd1', NULL, 'ready', '', 1, 'abc', '[]', '{}', 1.0, 2.0, 1.0);
INSERT INTO chunks VALUES (1, 0, 'c1', 0, 3, NULL, '[]', 'abc', x'0000803f');
"""

CHAT = """
CREATE TABLE conversations (
    id VARCHAR NOT NULL,
    title TEXT NOT NULL,
    created FLOAT NOT NULL,
    updated FLOAT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX ix_conversations_updated ON conversations (updated);
CREATE TABLE turns (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    conversation VARCHAR NOT NULL,
    place INTEGER NOT NULL,
    question TEXT NOT NULL,
    trace TEXT NOT NULL,
    asked FLOAT NOT NULL,
    liked BOOLEAN,
    replaced BOOLEAN NOT NULL,
    FOREIGN KEY(conversation) REFERENCES conversations (id) ON DELETE CASCADE
);
CREATE INDEX ix_turns_conversation ON turns (conversation);
INSERT INTO conversations VALUES ('k', 'Kept', 1.0, 1.0);
"""

LOG = """
CREATE TABLE question_log (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    question TEXT NOT NULL,
    origin VARCHAR NOT NULL,
    asked FLOAT NOT NULL,
    digest VARCHAR NOT NULL,
    reranker VARCHAR NOT NULL,
    pool INTEGER,
    ranking FLOAT NOT NULL,
    stages JSON NOT NULL,
    first_token FLOAT,
    answering FLOAT,
    generator VARCHAR NOT NULL,
    refused BOOLEAN,
    error TEXT NOT NULL,
    fell_back TEXT NOT NULL,
    pairs INTEGER NOT NULL,
    cache_hits INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    cost FLOAT,
    liked BOOLEAN,
    turn INTEGER
);
CREATE INDEX ix_question_log_turn ON question_log (turn);
CREATE INDEX ix_question_log_asked ON question_log (asked);
CREATE TRIGGER question_log_liked AFTER UPDATE OF liked ON turns
    BEGIN UPDATE question_log SET liked = NEW.liked WHERE turn = NEW.id; END;
CREATE TRIGGER question_log_deleted AFTER DELETE ON turns
    BEGIN UPDATE question_log SET turn = NULL, question = '' WHERE turn = OLD.id; END;
"""

JUDGEMENTS = """
CREATE TABLE question_sets (
    id INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    made FLOAT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (name)
);
CREATE TABLE judgements (
    id INTEGER NOT NULL,
    question TEXT NOT NULL,
    document VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    quote TEXT NOT NULL,
    grade INTEGER NOT NULL,
    note TEXT NOT NULL,
    judge VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    time FLOAT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (question, document, start, "end", judge, source)
);
CREATE INDEX ix_judgements_question ON judgements (question);
CREATE INDEX ix_judgements_document ON judgements (document);
CREATE TABLE votes (
    id INTEGER NOT NULL,
    question TEXT NOT NULL,
    kind VARCHAR NOT NULL,
    "left" TEXT NOT NULL,
    "right" TEXT NOT NULL,
    choice VARCHAR NOT NULL,
    voter VARCHAR NOT NULL,
    time FLOAT NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE questions (
    number INTEGER NOT NULL,
    set_id INTEGER NOT NULL,
    id VARCHAR NOT NULL,
    text TEXT NOT NULL,
    kind VARCHAR NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (number),
    UNIQUE (set_id, id),
    FOREIGN KEY(set_id) REFERENCES question_sets (id)
);
"""
