"""The Judge page over the fake library: what the browser is given, and what it sends."""

import json
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from rag.chat.store import Conversations
from rag.evaluate.data import Question
from rag.evaluate.judgements.question_sets import QuestionSets
from rag.evaluate.judgements.record import Judgement
from rag.evaluate.judgements.store import JudgementStore
from tests.ui.fakes import ALL, HOSTILE, trace_of
from tests.ui.test_ask import html
from ui.judge import pool
from ui.shared import typed

Q = "How should batteries be kept?"


@pytest.fixture
def asked(library):
    QuestionSets(library.index.catalogue).put("field", [Question("q1", Q), Question("q2", "Why?")])
    return library


def deck(at):
    """Return what the browser shows the passages from."""
    (shown,) = [
        one for one in at.get("bidi_component") if one.proto.component_name.endswith("deck")
    ]
    return json.loads(shown.proto.json)


def cards(at):
    return deck(at)["questions"][0]["cards"]


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


def test_the_browser_gets_the_passages_without_any_rank(page, asked):
    at = page("ui/judge/page.py", judge="ada")
    assert not at.exception
    given = deck(at)
    (question,) = given["questions"]  # the next one is searched in the run that follows
    assert (given["judge"], given["count"], given["next"], question["total"]) == ("ada", 2, 2, 10)
    assert [one["number"] for one in deck(at.run())["questions"]] == [1, 2]
    assert {frozenset(card) for card in cards(at)} == {
        frozenset({"id", "document", "where", "pieces"})
    }
    ranked = [hit.chunk.id for hit in trace_of(Q).stages[-1].hits]
    assert [card["id"] for card in cards(at)] != ranked
    assert set(ranked) == {card["id"] for card in cards(at)}
    marked = [word for card in cards(at) for word, found in card["pieces"] if found]
    assert "batteries" in {word.lower() for word in marked}


def typing(monkeypatch, *keys, seen=0):
    """Let the browser have sent these keys; returns the session."""
    session = {"deck": {"typed": list(keys)}, "typed_seen": seen}
    for module in (typed, pool):
        monkeypatch.setattr(module, "st", SimpleNamespace(session_state=session))
    return session


def key(n, chunk=None, **more):
    return {"n": n, "question": Q, "passage": chunk.id if chunk else "", "judge": "ada", **more}


def test_every_key_of_a_message_is_kept_once_and_in_its_order(asked, monkeypatch):
    keys = [
        key(1, ALL[0], grade=3, note="says it"), key(2, ALL[1], grade=0), key(3, ALL[2], grade=1),
        key(4, ALL[2], grade=None), key(5, go=2),
    ]  # fmt: skip
    session = typing(monkeypatch, *reversed(keys))
    pool._typed(asked, "field", 2)
    kept = [(one.judge, one.grade, one.note) for one in held(asked)]
    assert kept == [("ada", 3, "says it"), ("ada", 0, "")]
    assert (session["typed_seen"], session["judge_at"]) == (5, ("field", 1))
    session["deck"]["typed"].append(key(6, ALL[3], grade=2))  # the whole message comes again
    JudgementStore(asked.index.catalogue).remove(held(asked)[0].id)
    pool._typed(asked, "field", 2)
    assert [(one.grade, one.document) for one in held(asked)] == [
        (0, ALL[1].document), (2, ALL[3].document)
    ]  # fmt: skip


def test_what_is_no_key_is_left_out_and_what_cannot_be_kept_is_confirmed(asked, monkeypatch):
    strange = ["x", None, {"n": "7"}, {"n": 2, "passage": 5, "grade": True}]
    keys = [key(3, ALL[0], grade=9), key(4, grade=1) | {"passage": "gone"}, key(5, go=77)]
    session = typing(monkeypatch, *strange, *keys)
    pool._typed(asked, "field", 2)
    assert held(asked) == []
    assert session["typed_seen"] == 5
    assert "judge_at" not in session
    assert "a grade is 0 to 3, not 9; a passage is not in the library" in typed.problem()
    assert typed.problem() == ""
    assert typed.read("no list") == []


def test_judging_begins_with_the_first_question_that_this_judge_has_not_judged(page, asked):
    JudgementStore(asked.index.catalogue).add(
        Judgement(Q, c.document, "0" * 64, c.start, c.end, c.text, 1, "me") for c in ALL
    )
    mine = deck(page("ui/judge/page.py"))
    assert (mine["questions"][0]["number"], mine["mine"], mine["next"]) == (2, 1, 0)
    hers = deck(page("ui/judge/page.py", judge="ada"))
    assert (hers["questions"][0]["number"], hers["mine"], hers["next"]) == (1, 0, 2)
    assert len(hers["questions"][0]["cards"]) == 10


def test_a_link_names_the_set_the_question_and_the_judge(page, asked):
    QuestionSets(asked.index.catalogue).put("another", [Question("q1", "Where?")])
    at = AppTest.from_file("../../ui/judge/page.py", default_timeout=30)
    at.query_params["set"], at.query_params["question"] = "field", "2"
    at.query_params["judge"] = "ada"
    given = deck(at.run())
    assert (given["set"], given["judge"]) == ("field", "ada")
    assert given["questions"][0]["number"] == 2
    at.selectbox(key="question_set").set_value("another").run()
    assert deck(at)["set"] == "another"
    assert at.query_params["set"] == "another"


def test_guidelines_are_kept_with_the_set_and_reach_the_browser(page, asked):
    at = page("ui/judge/page.py", judge_view="Questions")
    at.text_area[0].input("Only figures <b>count</b>.")
    next(one for one in at.text_input if one.label == "3 Answers it").input("Holds the figure.")
    next(one for one in at.button if one.label == "Save guidelines").click().run()
    assert not at.exception
    kept = QuestionSets(asked.index.catalogue).guidelines("field")
    assert (kept.text, kept.meanings) == (
        "Only figures <b>count</b>.", ("", "", "", "Holds the figure.")
    )  # fmt: skip
    given = deck(page("ui/judge/page.py"))
    assert given["guidelines"] == "Only figures <b>count</b>."
    assert given["labels"][3] == ["3", "Answers it", "Holds the figure."]
    assert given["labels"][0][2] == pool.MEANINGS[0]


def test_a_persons_zero_against_an_imported_three_is_listed(page, asked):
    store = JudgementStore(asked.index.catalogue)
    store.grade(Q, ALL[0], 0, "<b>ada</b>", "a table of contents")
    store.grade(Q, ALL[0], 3, "import", source="import")
    store.grade(Q, ALL[1], 3, "gpt", source="llm", requested_by="<b>bo</b>")
    store.grade(Q, ALL[1], 1, "<b>ada</b>")
    at = page("ui/judge/page.py", judge_view="Judgements")
    assert not at.exception
    body = html(at)
    assert "There is 1 disagreement" in body
    assert "<b>ada</b> <span" not in body
    assert "&lt;b&gt;ada&lt;/b&gt;" in body
    assert "a table of contents" in body
    assert "(imported)" in body
    at.toggle(key="with_proposals").set_value(True).run()
    assert "There are 2 disagreements" in html(at)
    assert "(a model, requested by &lt;b&gt;bo&lt;/b&gt;)" in html(at)
    assert list(at.dataframe[0].value["Requested by"]) == ["", "", "<b>bo</b>"]
    progress = at.dataframe[1].value.to_dict("records")
    assert [(row["Judge"], row["Questions"], row["Judgements"]) for row in progress] == [
        ("<b>ada</b>", 1, 2), ("import", 1, 1), ("gpt", 1, 1)
    ]  # fmt: skip


def test_hostile_text_stays_text(page, asked):
    QuestionSets(asked.index.catalogue).put("field", [Question("<i>", HOSTILE)])
    at = page("ui/judge/page.py")
    assert "<script" not in html(at)
    assert deck(at)["questions"][0]["shown"] == HOSTILE  # it becomes a text node


def test_the_judgements_view_shows_judges(page, asked):
    JudgementStore(asked.index.catalogue).grade(Q, ALL[0], 2, "<b>ada</b>")
    at = page("ui/judge/page.py", judge_view="Judgements")
    assert not at.exception
    assert at.dataframe[0].value.to_dict("records") == [
        {
            "Judge": "<b>ada</b>",
            "Source": "person",
            "Judgements": 1,
            "Accepted proposals": 0,
            "Lost": 0,
        }
    ]
    assert "No two judges have graded the same passage" in html(at)
