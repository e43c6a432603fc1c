"""Question sets from files, from what was written, and from what was asked."""

import io

import pytest

from rag.errors import RanklensError
from rag.evaluate.data import Question
from rag.evaluate.judgements.question_sets import QuestionSets
from rag.evaluate.judgements.store import JudgementStore
from ranklens import question_sets
from ranklens.question_sets import import_uploads
from tests.ui.fakes import ALL, TEXTS, FakeLibrary, trace_of

Q = "How should batteries be kept?"


@pytest.fixture
def library():
    return FakeLibrary()


def held(library):
    return JudgementStore(library.index.catalogue).all()


@pytest.mark.parametrize(
    ("name", "text", "questions"),
    [
        ("set.jsonl", '{"id": "a", "text": "Why?"}\n', [Question("a", "Why?")]),
        ("set.txt", "7\tWhy?\n", [Question("7", "Why?")]),
        ("topics.txt", "<top><num> Number: 7 <title> Why?</top>", [Question("7", "Why?")]),
        ("set.csv", "question\nWhy?\n", [Question("q1", "Why?")]),
    ],
)
def test_sets_are_imported(library, name, text, questions):
    import_uploads(library, [(f"../{name}", io.BytesIO(text.encode()))])
    stored = QuestionSets(library.index.catalogue)
    assert list(stored.questions(name.split(".")[0])) == questions


def test_a_beir_folder_is_imported_as_its_files(library):
    files = {
        "corpus.jsonl": '{"_id": "d", "title": "", "text": "x"}',
        "queries.jsonl": '{"_id": "7", "text": "Why?"}',
        "test.tsv": "query-id\tcorpus-id\tscore\n7\td\t1\n",
    }
    sets = QuestionSets(library.index.catalogue)
    given = [(name, io.BytesIO(text.encode())) for name, text in files.items()]
    with pytest.raises(RanklensError, match=r"line 2: question 7: its document is not in (.|\n)*d"):
        import_uploads(library, given, "beir")
    assert sets.names() == []
    assert held(library) == []
    rows = "query-id\tcorpus-id\tscore\n7\tmaintenance\t3\n7\tfield-guide.pdf\t0\n"
    given = [given[1], ("qrels/test.tsv", io.BytesIO(rows.encode()))]
    given[0][1].seek(0)
    made = import_uploads(library, given, "beir")
    assert (made.name, made.questions, made.judgements) == ("beir", 1, 2)
    assert sets.questions("beir") == (Question("7", "Why?"),)
    assert [(o.document, o.grade, o.whole) for o in held(library)] == [
        ("maintenance.md", 3, True),
        ("field-guide.pdf", 0, True),
    ]
    assert JudgementStore(library.index.catalogue).qrels().unit == "document"


def test_quotes_become_judgements(library):
    quote = TEXTS["field-guide.pdf"][1]
    text = f"question,document,quote,grade\n{Q},field-guide.pdf,{quote},2\n"
    import_uploads(library, [("set.csv", io.BytesIO(text.encode()))])
    chunk = ALL[1]
    assert [(o.start, o.end, o.grade, o.source) for o in held(library)] == [
        (chunk.start, chunk.end, 2, "import")
    ]


def test_bad_rows_are_named_and_nothing_is_imported(library):
    text = "question,document,quote\nWhy?,gone.pdf,x\n,a,b\n"
    with pytest.raises(RanklensError) as caught:
        import_uploads(library, [("set.csv", io.BytesIO(text.encode()))])
    assert "line 3" in str(caught.value)
    assert "/tmp" not in str(caught.value)
    with pytest.raises(RanklensError, match=r"gone\.pdf"):
        import_uploads(
            library,
            [("set.csv", io.BytesIO(text.splitlines(True)[0].encode() + b"Why?,gone.pdf,x"))],
        )
    assert QuestionSets(library.index.catalogue).names() == []


def test_the_next_question_is_the_one_after_it_in_the_sets_then_among_those_asked(library):
    library.question_sets.add("field", [Question("", Q), Question("", "Why  so?")])
    chat = library.conversations.start(Q)
    library.conversations.add(chat, "And the lens?", trace_of("How is the lens cleaned?"))
    assert question_sets.known_questions(library) == [Q, "Why so?", "How is the lens cleaned?"]
    assert question_sets.question_after(library, "Why so?") == "How is the lens cleaned?"
    assert question_sets.question_after(library, "How is the lens cleaned?") is None
    assert question_sets.question_after(library, "typed") is None


def test_questions_are_added_once_and_a_set_needs_a_name_and_a_question(library):
    sets = library.question_sets
    assert sets.add(" field ", [Question("", Q), Question("", f" {Q} ")]) == ("field", 1)
    assert sets.add("field", [Question("", Q)]) == ("field", 0)
    for name, new in (("empty", []), (" ", [Question("", Q)])):
        with pytest.raises(RanklensError):
            sets.add(name, new)
    assert sets.sizes() == {"field": 1}
