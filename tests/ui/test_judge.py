"""The Judge page over the fake library, and what it is made of."""

import io
from pathlib import Path

import pytest

from rag.chat.store import Conversations
from rag.errors import RanklensError
from rag.evaluate.data import Question
from rag.evaluate.judgements.pooling import pooled
from rag.evaluate.judgements.question_sets import QuestionSets
from rag.evaluate.judgements.record import Judgement
from rag.evaluate.judgements.store import JudgementStore
from ranklens.judging import import_judgements
from ranklens.question_sets import import_uploads
from tests.ui.fakes import ALL, HOSTILE, TEXTS, trace_of
from tests.ui.test_ask import html

Q = "How should batteries be kept?"


@pytest.fixture
def asked(library):
    QuestionSets(library.index.catalogue).put("field", [Question("q1", Q), Question("q2", "Why?")])
    return library


def judging(at):
    """Return the id of the passage that waits for its grade."""
    return html(at).split('data-judging="')[1].split('"')[0]


def held(library):
    return JudgementStore(library.index.catalogue).all()


def test_without_questions_the_page_says_what_to_do(page):
    at = page("ui/judge/page.py")
    assert not at.exception
    assert at.text_area[0].label == "Questions, one a line"


def test_questions_are_written_one_a_line_and_added_to_a_set(page, library):
    at = page("ui/judge/page.py")
    at.text_input[0].input("field")
    at.text_area[0].input(f"{Q}\n\n <b>Why</b>? \n{Q}")
    at.button[-1].click().run()
    assert not at.exception
    assert QuestionSets(library.index.catalogue).questions("field") == (
        Question("q1", Q),
        Question("q2", "<b>Why</b>?"),
    )
    assert list(at.dataframe[0].value["Question"]) == [Q, "<b>Why</b>?"]


def test_questions_that_were_asked_can_be_taken(page, library):
    kept = Conversations(library.index.catalogue.engine)
    chat = kept.start("Batteries")
    kept.add(chat, "And the lens?", trace_of("How is the lens\ncleaned?"))
    kept.add(chat, Q, trace_of(Q))
    assert kept.searched() == [Q, "How is the lens\ncleaned?"]
    assert kept.searched(1) == [Q]
    at = page("ui/judge/page.py")
    at.text_input[0].input("asked")
    at.multiselect[0].select(Q).select("How is the lens\ncleaned?")
    at.button[-1].click().run()
    assert not at.exception
    words = [q.text for q in QuestionSets(library.index.catalogue).questions("asked")]
    assert words == [Q, "How is the lens cleaned?"]


def test_a_passage_is_graded_and_the_next_one_comes_without_any_rank(page, asked):
    at = page("ui/judge/page.py")
    assert not at.exception
    first = judging(at)
    assert "0 of 10 passages of this question judged by me" in html(at)
    assert "#" not in html(at).split('class="rl-card"')[1].split("</div>")[0]
    at.text_input(key="judge").input("ada").run()
    at.button(key="grade_3").click().run()
    assert [(one.grade, one.judge, one.question) for one in held(asked)] == [(3, "ada", Q)]
    assert judging(at) != first
    assert "1 of 10 passages of this question judged by ada" in html(at)
    at.button(key="undo").click().run()
    assert held(asked) == []
    assert judging(at) == first


def test_a_note_goes_with_its_grade_and_a_skipped_passage_waits(page, asked):
    at = page("ui/judge/page.py")
    first = judging(at)
    at.button(key="skip").click().run()
    assert judging(at) != first
    assert "1 skipped" in html(at)
    box = next(one for one in at.text_input if one.key.startswith("note_"))
    box.input("says it in words").run()
    at.button(key="grade_0").click().run()
    assert [(one.grade, one.note) for one in held(asked)] == [(0, "says it in words")]


def test_another_judge_starts_anew(page, asked):
    JudgementStore(asked.index.catalogue).add(
        Judgement(Q, c.document, "0" * 64, c.start, c.end, c.text, 1, "me") for c in ALL
    )
    assert "Every passage is judged" in html(page("ui/judge/page.py"))
    assert "0 of 10" in html(page("ui/judge/page.py", judge="ada"))


def test_the_pool_has_the_first_of_every_stage_in_an_order_of_chance():
    first, second = (trace_of(Q, reranker=name) for name in ("late-interaction", "none"))
    chunks = pooled([first, second], 2)
    # dense 0 2, lexical 1 0, fused 0 1, reranked 10 0
    assert {ALL.index(chunk) for chunk in chunks} == {0, 1, 2, 10}
    assert chunks == pooled([second, first], 2)
    orders = {tuple(c.id for c in pooled([trace_of(f"{Q} {i}")], 10)) for i in range(5)}
    assert len(orders) == 5


def test_hostile_text_stays_text(page, asked):
    QuestionSets(asked.index.catalogue).put("field", [Question("<i>", HOSTILE)])
    at = page("ui/judge/page.py")
    assert "<script" not in html(at)
    assert "&lt;script&gt;" in html(at)


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


def test_judgements_come_in_from_csv_and_qrels(library):
    questions = [Question("q1", Q)]
    chunk = ALL[0]
    line = f"q1 0 field-guide.pdf#{chunk.start}-{chunk.end} 3\n"
    assert import_judgements(library, Path("a.qrels"), questions, data=line.encode()) == 1
    assert [one.quote for one in held(library)] == [chunk.text]
    with pytest.raises(RanklensError, match="line 1"):
        import_judgements(library, Path("a.qrels"), questions, data=b"q9 0 x 3\n")
    with pytest.raises(RanklensError, match=r"^a.csv is not UTF-8 text \(line 2\); save it as"):
        import_judgements(library, Path("a.csv"), data=b"question\nf\xfcr")


def test_the_judgements_view_shows_judges(page, asked):
    JudgementStore(asked.index.catalogue).grade(Q, ALL[0], 2, "<b>ada</b>")
    at = page("ui/judge/page.py", judge_view="Judgements")
    assert not at.exception
    assert at.dataframe[0].value.to_dict("records") == [
        {"Judge": "<b>ada</b>", "Source": "person", "Judgements": 1, "Lost": 0}
    ]
    assert "No passage has been judged by two judges" in html(at)
