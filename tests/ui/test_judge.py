"""The Judge page over the fake library, and what it is made of."""

import pytest

from rag.chat.store import Conversations
from rag.evaluate.data import Question
from rag.evaluate.judgements.question_sets import QuestionSets
from rag.evaluate.judgements.record import Judgement
from rag.evaluate.judgements.store import JudgementStore
from tests.ui.fakes import ALL, HOSTILE, trace_of
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


def test_hostile_text_stays_text(page, asked):
    QuestionSets(asked.index.catalogue).put("field", [Question("<i>", HOSTILE)])
    at = page("ui/judge/page.py")
    assert "<script" not in html(at)
    assert "&lt;script&gt;" in html(at)


def test_the_judgements_view_shows_judges(page, asked):
    JudgementStore(asked.index.catalogue).grade(Q, ALL[0], 2, "<b>ada</b>")
    at = page("ui/judge/page.py", judge_view="Judgements")
    assert not at.exception
    assert at.dataframe[0].value.to_dict("records") == [
        {"Judge": "<b>ada</b>", "Source": "person", "Judgements": 1, "Lost": 0}
    ]
    assert "No passage has been judged by two judges" in html(at)
