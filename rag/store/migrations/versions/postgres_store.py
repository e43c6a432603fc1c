"""Leases of documents; and on PostgreSQL what is derived from the catalogue there.

``embeddings`` get their dimension and their graph when the library is opened with an encoder. The
version grows at the end of a transaction, once: publishers that write at the same time wait for one
another only then.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_POSTGRES = """
CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE embeddings (
    document_id integer NOT NULL,
    ordinal integer NOT NULL,
    id text NOT NULL,
    embedding vector NOT NULL,
    PRIMARY KEY (document_id, ordinal),
    FOREIGN KEY (document_id, ordinal) REFERENCES chunks (document_id, ordinal) ON DELETE CASCADE
);

CREATE TABLE bm25_blocks (
    id bigserial PRIMARY KEY,
    place bigint NOT NULL,
    chunks integer NOT NULL,
    documents integer[] NOT NULL,
    counts integer[] NOT NULL,
    data bytea NOT NULL
);
-- Small numbers in arrays: compressing them again takes time and saves little.
ALTER TABLE bm25_blocks ALTER data SET STORAGE EXTERNAL;

CREATE TABLE store_version (version bigint NOT NULL);
INSERT INTO store_version VALUES (1);

CREATE FUNCTION store_version_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('ranklens.grown', true) IS DISTINCT FROM txid_current()::text THEN
        UPDATE store_version SET version = version + 1;
        PERFORM set_config('ranklens.grown', txid_current()::text, true);
    END IF;
    RETURN NULL;
END $$;
"""
_TRIGGER = """
CREATE CONSTRAINT TRIGGER {name} AFTER {change} ON {table} DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW {when} EXECUTE FUNCTION store_version_grows();
"""
_TRIGGERS = (
    ("documents_come", "INSERT", "documents", "WHEN (NEW.status = 'ready')"),
    ("documents_change", "UPDATE", "documents", "WHEN ('ready' IN (OLD.status, NEW.status))"),
    ("documents_go", "DELETE", "documents", "WHEN (OLD.status = 'ready')"),
    ("members_change", "INSERT OR UPDATE OR DELETE", "document_collections", ""),
    ("collections_change", "INSERT OR UPDATE OR DELETE", "collections", ""),
)


def upgrade() -> None:
    """Add the columns and, on PostgreSQL, the tables and triggers."""
    owner = sa.Column("lease_owner", sa.String, nullable=False, server_default="")
    op.add_column("documents", owner)
    op.add_column("documents", sa.Column("lease_until", sa.Float))
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_POSTGRES)
        for name, change, table, when in _TRIGGERS:
            op.execute(_TRIGGER.format(name=name, change=change, table=table, when=when))
