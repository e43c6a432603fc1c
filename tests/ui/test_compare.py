"""The Compare page over the fake library, and what it is made of."""

import time

import pytest
from streamlit.testing.v1 import AppTest

from rag.evaluate.data import Question
from rag.evaluate.experiments import pipelines
from rag.evaluate.experiments.side_by_side import PipelineOutcome
from rag.evaluate.judgements.question_sets import QuestionSets
from rag.evaluate.judgements.store import JudgementStore
from rag.evaluate.judgements.votes import VoteStore
from ranklens.comparing import (
    SideBySide,
)
from tests.ui.fakes import ALL, FUSED, HOSTILE, RERANKED, trace_of
from tests.ui.test_ask import html
from ui.compare import bump
from ui.compare.bump import BumpColumn, layout
from ui.shared.html import render

Q = "How should batteries be kept?"
TWO = ["none", "late-interaction"]
MARKED = '<mark class="rl-word">Batteries</mark>'
NAMES = ("none", "late-interaction", "late_interaction", "reranker")


@pytest.fixture
def asked(library):
    QuestionSets(library.index.catalogue).put("field", [Question("q1", Q), Question("q2", "Why?")])
    return library


def finished(at, key):
    at.session_state[key].thread.join(30)
    time.sleep(0.05)
    return at.run()


def compared(page, question=Q, **state):
    at = page(
        "ui/compare/page.py", compared_question=question, compared_pipelines=TWO, **state
    )  # fmt: skip
    at.button(key="compare").click().run()
    return finished(at, "compared")


def balloted(page, question=Q, **state):
    state = {"voted_pipelines": TWO, "compare_view": "Blind vote", **state}
    at = page("ui/compare/page.py", compared_question=question, **state)
    at.button(key="show_both").click().run()
    return finished(at, "ballot")


def votes(library):
    return VoteStore(library.index.catalogue).all()


def sides_of(at):
    """Return the HTML of the two sides of a ballot."""
    return [one.split("</ol>")[0] for one in html(at).split('<div class="rl-blind')[1:]]


def test_pipelines_stand_side_by_side_with_baselines_where_there_are_judgements(page, asked):
    JudgementStore(asked.index.catalogue).grade(Q, ALL[RERANKED[0]], 3, "ada")
    at = compared(page)
    body = html(at)
    assert not at.exception
    # The relevant passage is 5th in the fused order and 1st after reranking: nDCG 0.387 and 1.
    row = body.split("<td>late-interaction</td>")[1].split("</tr>")[0]
    assert "1.000</td>" in row
    assert "192 ms" in row
    assert "$0" in row
    none = body.split("<td>Without reranking</td>")[1].split("</tr>")[0]
    assert "0.387" in none
    fused = body.split("Fused order</td>")[1].split("</tr>")[0]
    assert "0.387" in fused
    assert "Oracle" in body
    assert "All ranked the same 10 candidates." in body


def test_without_judgements_there_are_no_baselines(page, asked):
    body = html(compared(page))
    assert "Oracle" not in body
    assert "no judgements yet" in body


def test_what_fell_back_is_told(page, asked):
    at = page(
        "ui/compare/page.py",
        compared_question=Q,
        compared_pipelines=["none", "reranker=cross-encoder"],
    )  # fmt: skip
    at.button(key="compare").click().run()
    assert "Reranked fell back" in html(finished(at, "compared"))


def test_hostile_text_stays_text(page, asked):
    QuestionSets(asked.index.catalogue).put("hostile", [Question("h", HOSTILE)])
    body = html(compared(page, HOSTILE))
    assert "<script" not in body
    assert "&lt;script&gt;" in body
    assert "<script" not in html(balloted(page, HOSTILE))


def test_a_relevant_passage_that_no_pool_holds_is_named(page, asked):
    JudgementStore(asked.index.catalogue).grade(Q, ALL[11], 3, "ada")
    body = html(compared(page))
    assert "The relevant passage is not in the pool" in body
    assert "among the candidates of any pipeline" in body
    assert body.count("not in the pool</td>") == 2
    assert "0.000" not in body
    assert "Oracle" not in body


def test_two_answers_stand_side_by_side_and_differ_where_they_are_marked(page, asked):
    body = html(compared(page))
    left, right = body.split('<div class="rl-beside">')[1].split("</section>")[:2]
    assert "<h3>Without reranking</h3>" in left
    assert "<h3>late-interaction</h3>" in right
    # Without: passages 0 and 1; with: 10 and 0. What both quote is not marked.
    first, second, last = ALL[0].text, ALL[1].text, ALL[10].text
    assert f'title="Only in this answer">{last}' in right
    assert f'title="Only in this answer">{first}' not in left
    assert second in left
    assert "Both are quoted from the passages; what only one of them holds is marked." in body


def test_the_passages_are_there_with_their_text(page, asked):
    body = html(compared(page)).split('class="rl-given-passages"')
    assert len(body) == 3
    assert ALL[RERANKED[0]].text in body[2]
    assert "▲ was 5" in body[2]
    assert "was" not in body[1].split("</ol>")[0]
    assert f"{MARKED} keep best at forty percent charge." in body[1], "words of the question"


def test_the_address_names_the_comparison_and_shows_it_again(page, asked):
    at = compared(page, compared_frozen=True)
    assert dict(at.query_params) == {
        "question": Q, "pipelines": TWO, "pool": "one",
    }  # fmt: skip
    other = AppTest.from_file("../../ui/compare/page.py", default_timeout=30)
    other.query_params.update({"question": Q, "pipelines": TWO})
    other.run()
    body = html(finished(other, "compared"))
    assert "All ranked the same 10 candidates." in body
    assert not other.exception


def test_a_link_to_a_comparison_that_calls_a_service_waits_for_a_click(page, asked):
    at = AppTest.from_file("../../ui/compare/page.py", default_timeout=30)
    at.query_params.update({"question": Q, "pipelines": ["none", "reranker=cohere"]})
    at.run()
    assert not at.exception
    assert "This comparison calls a service: press Compare to start it." in html(at)
    assert "compared" not in at.session_state


def test_a_voters_address_shows_the_ballot_and_nothing_else(page, asked):
    at = AppTest.from_file("../../ui/compare/page.py", default_timeout=30)
    at.query_params.update({"view": "voter", "question": Q, "pipelines": TWO, "passages": "3"})
    at.run()
    at = finished(at, "ballot")
    assert not at.exception
    assert not at.multiselect
    assert all(len(side.split("<li>")) == 4 for side in sides_of(at))
    at.button(key="vote_tie").click().run()
    assert "This pair so far" in html(at)
    assert not at.expander
    at.button(key="vote_next").click().run()
    at = finished(at, "ballot")
    assert at.session_state["ballot"].result.question == "Why?"
    assert at.query_params["question"] == "Why?"


def test_a_ballot_shows_whole_passages(page, asked):
    left, right = sides_of(balloted(page))
    assert "<details" not in left + right
    text = f"{MARKED} keep best at forty percent charge."
    assert text in left
    assert text in right


def test_a_side_that_failed_is_told_in_the_table():
    made = SideBySide("Why?", (PipelineOutcome("a<b", None, "not <today>"),))
    shown = render("compare/table.html", made=made, labels={"a<b": "a<b"}, scores=None)
    assert "a&lt;b" in shown
    assert "not &lt;today&gt;" in shown


def test_every_passage_of_a_bump_chart_has_its_ranks():
    first, second = (trace_of(Q, reranker=name).stages[-1].hits for name in TWO)
    plan = layout([BumpColumn("one", first, 3), BumpColumn("<two>", second, 3)])
    assert (plan.depth, plan.lanes, len(plan.chunks)) == (10, 10, 10)
    assert plan.columns[0].ranks[ALL[FUSED[4]].id] == 5
    assert plan.columns[1].ranks[ALL[RERANKED[0]].id] == 1
    assert plan.height(1) == 0.05
    chart = bump.drawn(plan, {ALL[10].id})
    assert chart.count('class="node ') == 20
    assert chart.count("clip-path") == 10
    assert "rank 1, &lt;two&gt;" in chart
    assert "<two>" not in chart


def test_what_falls_below_the_chart_shares_a_lane():
    plan = bump.BumpPlan((), (), 15, 16)
    assert plan.height(15) == 14.5 / 16
    assert plan.height(16) == plan.height(40) == 15.5 / 16


def test_nothing_of_a_ballot_names_its_pipelines(page, asked):
    for kind in ("rankings", "answers"):
        at = balloted(page, ballot_kind=kind)
        assert not at.exception
        left, right = sides_of(at)
        assert "Left" in left
        assert "Right" in right
        for side in (left, right):
            assert not any(name in side for name in (*NAMES, " ms", "180"))
        assert "title=" not in left + right
        assert "data-passage" not in left + right


def test_a_vote_reveals_and_counts_and_can_be_taken_back(page, asked):
    at = balloted(page, judge="ada")
    shown = at.session_state["ballot"].result
    winner = shown.left.name
    at.button(key="vote_left").click().run()
    assert not at.exception
    (vote,) = votes(asked)
    assert (vote.choice, vote.voter, vote.winner.name) == ("left", "ada", winner)
    ids = {side.name: tuple(h.chunk.id for h in side.last[:5])
           for side in (shown.left, shown.right)}  # fmt: skip
    assert vote.left.passages == ids[vote.left.name]
    left, right = sides_of(at)
    labels = {"none": "Without reranking", "late-interaction": "late-interaction"}
    assert f"{labels[winner]} <span" in left
    assert f"{labels[shown.right.name]} <span" in right
    count = "late-interaction 1, Without reranking 0"
    other = "late-interaction 0, Without reranking 1"
    assert f"This pair so far: {other if winner == 'none' else count}, tie 0" in html(at)
    at.button(key="vote_back").click().run()
    assert votes(asked) == []
    assert "Votes so far" not in html(at)


def test_the_next_question_comes_with_a_new_ballot(page, asked):
    at = balloted(page)
    at.button(key="vote_tie").click().run()
    at.button(key="vote_next").click().run()
    at = finished(at, "ballot")
    assert at.session_state["ballot"].result.question == "Why?"
    assert at.button(key="vote_left")


def test_a_vote_suggests_grades_that_only_a_person_keeps(page, asked):
    at = balloted(page, judge="ada", ballot_depth=3)
    late = "left" if at.session_state["ballot"].result.left.name == TWO[1] else "right"
    at.button(key=f"vote_{late}").click().run()
    held = JudgementStore(asked.index.catalogue)
    assert held.all() == []
    # Late has 10 and 3 in its first three, none has 1 and 2; both have 0.
    boxes = {one.key: one for one in at.selectbox if one.key.startswith("last_grade_")}
    assert [one.value for one in boxes.values()] == [1, 1, 0, 0]
    next(iter(boxes.values())).set_value(3)
    at.button[[b.label for b in at.button].index("Keep these grades")].click().run()
    assert not at.exception
    kept = {ALL.index(next(c for c in ALL if c.start == j.start and c.document == j.document)):
            j.grade for j in held.all()}  # fmt: skip
    assert kept == {10: 3, 3: 1, 1: 0, 2: 0}
    assert {(j.judge, j.note) for j in held.all()} == {("ada", "suggested by a blind vote")}


def test_what_cannot_be_told_apart_or_fell_back_is_not_voted_on(page, asked):
    at = balloted(page, voted_pipelines=["none", "pool=20,reranker=none"])
    assert "nobody could tell them apart" in html(at)
    at = balloted(page, voted_pipelines=["none", "reranker=cross-encoder"])
    assert "fell back, so it is not its own" in html(at)
    assert all(one.key != "vote_left" for one in at.button)


def test_votes_are_deleted(page, asked):
    at = balloted(page)
    at.button(key="vote_both_bad").click().run()
    at.button(key="delete_votes").click().run()
    assert votes(asked) == []


def test_pipelines_are_kept_by_name_and_deleted(page, asked):
    at = page("ui/compare/page.py")
    at.text_input(key="pipeline_name").input("wide")
    at.text_input(key="pipeline_options").input("pool=120,expansion=feedback,hyde,reranker=none")
    at.button(key="keep_pipeline").click().run()
    held = pipelines.saved(asked.settings)
    assert held == {
        "wide": {"pool": "120", "expansion": "feedback,hyde", "reranker": "none"}
    }  # fmt: skip
    assert "wide" in at.multiselect[0].options
    at.text_input(key="pipeline_name").input("none")
    at.button(key="keep_pipeline").click().run()
    assert "has a meaning of its own" in html(at)
    at.button(key="delete_wide").click().run()
    assert pipelines.saved(asked.settings) == {}
