"""The sentence that a stakeholder reads first, and the figures after it."""

from dataclasses import replace

import pytest

from rag.evaluate.measures.figures import Comparison, figures
from rag.evaluate.measures.statistics import Difference, Interval
from rag.evaluate.reports.verdict import main_comparison, p_value, verdict
from tests.rag.evaluate.made import make


def difference(wins=7, losses=4, ties=3, adjusted=0.4, needed=90, mean=0.01):
    questions = wins + losses + ties
    interval = Interval(mean, mean - 0.02, mean + 0.02)
    return Difference(questions, interval, adjusted, adjusted, wins, ties, losses, needed)


def sentence(before, after, one, unit="passage", **variants):
    found = figures(make(6, unit=unit, variants=variants))
    return verdict(Comparison("ndcg@10", before, after, one), found).sentence


WITHIN = ("current", "fused"), ("current", "reranked")
CURRENT = {"current": {"reranker": "auto"}}


@pytest.mark.parametrize(
    ("one", "conclusion"),
    [
        (difference(), "for 7 questions and lower for 4: not enough questions to be sure."),
        (difference(needed=0), "for 7 questions and lower for 4: no difference that matters."),
        (difference(1, 0, 1, needed=0), "for 1 question and lower for 0: not enough questions"),
        (difference(adjusted=0.01), "for 7 questions and lower for 4: a clear gain."),
        (difference(adjusted=0.01, mean=-0.1), "and lower for 4: a clear loss on average."),
        (difference(4, 7, adjusted=0.01, mean=-0.1), "and lower for 7: a clear loss."),
    ],
)
def test_the_conclusion_follows_the_test(one, conclusion):
    words = sentence(*WITHIN, one, **CURRENT)
    assert words.startswith("Reranking put the right passage higher for ")
    assert conclusion in words


@pytest.mark.parametrize(
    ("mean", "wins", "losses", "more", "end"),
    [
        (0.02, 7, 4, 63, "to be sure; about 63 more would show a gain of this size."),
        (-0.02, 4, 7, 1234, "to be sure; about 1,200 more would show a loss of this size."),
        (-0.02, 7, 4, 63, "to be sure; about 63 more would show a loss on average of this size."),
        (0.02, 7, 4, 0, "not enough questions to be sure."),
    ],
)
def test_the_conclusion_says_how_many_more_questions_would_show_it(mean, wins, losses, more, end):
    one = replace(difference(wins, losses, mean=mean), more=more)
    assert sentence(*WITHIN, one, **CURRENT).endswith(end)


def test_where_nothing_changed_or_nothing_is_there_it_is_stated():
    made = sentence(*WITHIN, difference(0, 0, 5), **CURRENT)
    assert made == "Reranking made no difference to the right passage for any of 5 questions."
    none = sentence(*WITHIN, difference(0, 0, 0), **CURRENT)
    assert none == "Reranking cannot be judged: there is no question to compare on."


@pytest.mark.parametrize(
    ("before", "after", "start"),
    [
        ("none", "current", "Reranking put the right document higher for"),
        ("none", "late", "Reranking with late put the right document higher for"),
        ("late", "none", "Without reranking put the right document higher than late for"),
    ],
)
def test_pipelines_are_named_by_what_they_do(before, after, start):
    variants = {
        name: {"reranker": "none" if name == "none" else "auto"} for name in (before, after)
    }
    sides = (before, "reranked"), (after, "reranked")
    assert sentence(*sides, difference(), unit="document", **variants).startswith(start)


def test_fusion_is_compared_with_a_retriever_alone():
    sides = ("current", "lexical"), ("current", "fused")
    start = "Fusion put the right passage higher than BM25 alone for 7 questions"
    assert sentence(*sides, difference(), **CURRENT).startswith(start)


def test_the_figures_come_after_the_sentence():
    found = figures(make(40))
    main = main_comparison(found)
    assert main is not None
    shown = verdict(main, found)
    assert shown.compared == "late against Without reranking"
    assert shown.kind == "better"
    assert shown.figures.startswith(f"nDCG@10: {main.difference.verdict} (p < 0.001, corrected")
    worse = replace(main.difference, interval=Interval(-0.2, -0.3, -0.1))
    assert verdict(replace(main, difference=worse), found).kind == "worse"


def test_a_small_p_is_never_written_as_zero():
    assert [p_value(p) for p in (0.0002, 0.001)] == ["< 0.001", "= 0.001"]
