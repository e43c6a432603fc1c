"""The Judge page with a model and with thumbs: proposals, written questions, what is confirmed."""

import json
import re
import time
from dataclasses import replace

import pytest

from rag.chat.store import Conversations
from rag.evaluate.data import Question
from rag.evaluate.judgements import feedback
from rag.evaluate.judgements.question_sets import QuestionSets
from rag.evaluate.judgements.question_writer import QuestionsWritten, WrittenQuestion
from rag.evaluate.judgements.store import JudgementStore
from ranklens import judging
from ranklens.jobs import Job
from ranklens.question_sets import keep_drafts
from tests.servers.chat_server import ChatServer
from tests.ui.fakes import ALL, HOSTILE, FakeAnswering, trace_of
from tests.ui.test_ask import html
from tests.ui.test_judge import deck

Q = "How should batteries be kept?"


def graded(system, user):
    """Grade 3 for what speaks of batteries, 0 for the rest; hostile text for one passage."""
    mark = re.search(r"<passage-(\w+)>", system)[1]
    passage = user.split(f"<passage-{mark}>")[1].split(f"</passage-{mark}>")[0]
    if "swollen" in passage:
        return "no grade <b>at all</b>"
    return "3: speaks of <i>them</i>" if "atter" in passage else "0: beside the point"


@pytest.fixture
def server():
    with ChatServer(graded) as running:
        yield running


@pytest.fixture
def asked(library):
    QuestionSets(library.index.catalogue).put("field", [Question("q1", Q), Question("q2", "Why?")])
    return library


def use_model(library, url):
    # One call at a time, so that the replies and the first proposals shown keep their order.
    library.settings = library.settings.updated(
        llm_base_url=url, llm_model="fake", rerank_concurrency=1
    )


def held(library):
    return JudgementStore(library.index.catalogue).all()


def finished(at, library, kind):
    library.jobs.last(kind).thread.join(30)
    time.sleep(0.05)
    return at.run()


def test_without_a_model_the_page_says_how_to_set_one(page, asked):
    for view in ("Proposals", "Questions"):
        at = page("ui/judge/page.py", judge_view=view)
        assert not at.exception
        assert "Add a connection to a language model on the Settings page" in html(at)
        assert "llm_model" not in html(at)


def test_a_model_proposes_and_a_person_confirms_with_one_click(page, asked, server):
    use_model(asked, server.url)
    at = page("ui/judge/page.py", judge_view="Proposals")
    assert not at.exception
    at.number_input(key="propose_most").set_value(1).run()
    at.button(key="propose").click().run()
    at = finished(at, asked, "propose")
    assert not at.exception
    made = held(asked)
    assert {(one.source, one.judge, one.question) for one in made} == {("llm", "fake", Q)}
    assert {one.grade for one in made} == {0, 3}
    body = html(at)
    assert f"{len(made)} of {len(made) + 1} graded" in body
    assert "1 failed; nothing of them is kept" in body
    assert "no grade &lt;b&gt;at all&lt;/b&gt;" in body
    assert JudgementStore(asked.index.catalogue).qrels([Q]).grades == {}

    at.segmented_control(key="proposals_from").set_value("From a model").run()
    assert f"{len(made)} to confirm" in html(at)
    assert "speaks of &lt;i&gt;them&lt;/i&gt;" in html(at)
    first = made[0]
    at.button(key=f"confirm_{first.id}_{first.grade}").click().run()
    assert f"{len(made) - 1} to confirm" in html(at)
    (own,) = [one for one in held(asked) if one.source == "person"]
    assert (own.judge, own.grade, own.start, own.end, own.document) == (
        "me", first.grade, first.start, first.end, first.document
    )  # fmt: skip

    at = page("ui/judge/page.py", judge_view="Judgements")
    assert list(at.dataframe[2].value["Judges"]) == ["fake (model) and the people"]
    assert "fake against the people" not in html(at)  # who accepts has seen the model's grade
    assert list(at.dataframe[0].value["Accepted proposals"]) == [0, 1]

    JudgementStore(asked.index.catalogue).add([replace(own, accepted=False)])  # graded blind
    at = page("ui/judge/page.py", judge_view="Judgements")
    assert "fake against the people" in html(at)
    counts = at.dataframe[3].value.drop(columns="Grade").to_numpy()
    assert (counts.sum(), counts.trace()) == (1, 1)


def test_the_model_is_not_asked_for_questions_that_somebody_has_judged(page, asked, server):
    JudgementStore(asked.index.catalogue).grade(Q, ALL[0], 1, "ada")
    use_model(asked, server.url)
    at = page("ui/judge/page.py", judge_view="Proposals")
    at.button(key="propose").click().run()
    finished(at, asked, "propose")
    assert {one.question for one in held(asked) if one.source == "llm"} == {"Why?"}


def test_where_every_question_is_judged_it_says_how_the_model_can_be_asked(page, asked, server):
    for question in (Q, "Why?"):
        JudgementStore(asked.index.catalogue).grade(question, ALL[0], 1, "ada")
    use_model(asked, server.url)
    at = page("ui/judge/page.py", judge_view="Proposals")
    at.button(key="propose").click().run()
    assert "Nothing was left to grade. Of questions" in html(finished(at, asked, "propose"))


def test_questions_are_written_and_kept_once_ticked(page, library):
    quote = "Batteries keep best at forty percent charge."
    rows = [
        {"question": "How full are batteries kept?", "quote": quote, "answer": "At 40 %."},
        {"question": "What of <b>it</b>?", "quote": "not in there", "answer": ""},
    ]
    with ChatServer(lambda _s, _u: json.dumps(rows)) as server:
        use_model(library, server.url)
        at = page("ui/judge/page.py", judge_view="Questions")
        at.selectbox(key="write_document").set_value("field-guide.pdf").run()
        at.number_input(key="write_count").set_value(8).run()
        at.button(key="write").click().run()
        at = finished(at, library, "write")
    assert not at.exception
    assert "4 of 4 passages read" in html(at)
    assert "dropped: the quote is not in the passage" in html(at)
    found = library.jobs.last("write").result
    assert [w.question for w in found.written] == [rows[0]["question"]]
    assert held(library) == []
    at.button(key="FormSubmitter:ticked-Keep the ticked").click().run()
    assert "Tick the questions" in html(at)
    kept = keep_drafts(library, " made ", found, found.written)
    assert kept == ("made", 1)
    (question,) = QuestionSets(library.index.catalogue).questions("made")
    assert (question.text, question.kind, question.answer) == (
        "How full are batteries kept?", "written", "At 40 %."
    )  # fmt: skip
    (one,) = held(library)
    assert (one.source, one.judge, one.quote, one.document) == (
        "llm", "fake", quote, "field-guide.pdf"
    )  # fmt: skip
    assert keep_drafts(library, "made", found, found.written) == ("made", 0)
    assert len(held(library)) == 1


def test_hostile_questions_and_failures_stay_text(page, library):
    outcome = judging.CallsOutcome(1, 0, (HOSTILE,), {"calls": 1, "retries": 0,
                              "prompt_tokens": 1, "completion_tokens": 1, "cost_usd": 0.5},
                              stopped=True)  # fmt: skip
    drafts = QuestionsWritten(
        (WrittenQuestion(HOSTILE, "", "a", 0, 1, "x"),), 2, 1, "fake", outcome
    )
    library.jobs.keep("write", Job(lambda _job: None, HOSTILE, result=drafts))
    use_model(library, "http://localhost:1")
    at = page("ui/judge/page.py", judge_view="Questions")
    assert not at.exception
    body = html(at)
    assert "<script" not in body
    assert "&lt;script&gt;" in body
    assert "$0.5000" in body
    assert "stopped; what was done is kept" in body
    assert "2 dropped: the quote is not in the passage" in body


def liked(library, verdict):
    """Ask, answer, and put a thumb on it, as the page does."""
    kept = Conversations(library.index.catalogue.engine)
    trace = trace_of(Q)
    writing = FakeAnswering(trace)
    list(writing)
    turn = kept.add(kept.start(Q), Q, trace.with_answer(writing.answer))
    kept.judge(turn.id, verdict)
    feedback.follow(JudgementStore(library.index.catalogue), kept, Q)


def test_a_thumb_up_waits_to_be_confirmed(page, library):
    liked(library, True)
    assert [(o.source, o.grade, o.quote) for o in held(library)] == [
        ("feedback", 2, ALL[10].text),
        ("feedback", 2, ALL[0].text),
    ]
    at = page("ui/judge/page.py", judge_view="Proposals", judge="ada")
    assert "2 to confirm" in html(at)
    first = held(library)[0]
    at.button(key=f"confirm_{first.id}_3").click().run()
    grades = JudgementStore(library.index.catalogue).qrels([Q]).grades
    assert grades == {Q: {ALL[10].id: 3}}
    assert "1 to confirm" in html(at)


def test_after_a_thumb_down_the_question_is_judged_with_one_click(page, library):
    liked(library, False)
    at = page("ui/judge/page.py", judge_view="Proposals")
    assert held(library) == []
    assert "Answers that did not help" in html(at)
    at.button(key="judge_failed_0").click().run()
    assert not at.exception
    (question,) = deck(at)["questions"]
    assert question["text"] == Q
    library.judgements.grade(Q, ALL[0], 0, "me")
    assert judging.disliked(library) == []


def test_thumbs_on_the_ask_page_reach_the_judgements(page, library):
    kept = Conversations(library.index.catalogue.engine)
    writing = FakeAnswering(trace_of(Q))
    list(writing)
    chat = kept.start(Q)
    turn = kept.add(chat, Q, trace_of(Q).with_answer(writing.answer))
    at = page(chat=chat)
    assert not at.exception
    (thumbs,) = at.get("feedback")
    thumbs.set_value(1).run()
    assert not at.exception
    assert kept.turn(turn.id).liked is True
    assert {one.source for one in held(library)} == {"feedback"}
    thumbs = at.get("feedback")[0]
    thumbs.set_value(None).run()
    assert held(library) == []
