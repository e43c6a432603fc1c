"""Judge and Measure stay quick with 5,000 questions and 10,000 judgements."""

import time

import pytest

from rag.evaluate.data import Question
from rag.evaluate.judgements.question_sets import QuestionSets
from rag.evaluate.judgements.record import Judgement
from rag.evaluate.judgements.store import JudgementStore
from tests.ui.fakes import ALL

QUESTIONS = [Question(f"q{i}", f"How should batteries be kept {i}?") for i in range(5000)]
# Each is under 1 s on an idle machine; others may be at work on this one.
MOST = 4.0


@pytest.fixture
def large(library):
    catalogue = library.index.catalogue
    QuestionSets(catalogue).put("large", QUESTIONS)
    made = [
        Judgement(q.text, chunk.document, "0" * 64, chunk.start, chunk.end, chunk.text,
                  (i + place) % 4, judge, source)
        for i, q in enumerate(QUESTIONS)
        for place, (chunk, judge, source) in enumerate(
            ((ALL[i % 12], "ada", "person"), (ALL[(i + i % 2) % 12], "gpt", "llm"))
        )
    ]  # fmt: skip
    assert JudgementStore(catalogue).add(made) == 10_000
    return library


@pytest.mark.parametrize("view", ["Grade passages", "Questions", "Proposals", "Judgements"])
def test_the_judge_page_stays_quick(page, large, view):
    at = page("ui/judge/page.py", judge_view=view, proposals_from="From a model")
    assert not at.exception
    started = time.perf_counter()
    at.run()
    assert not at.exception
    assert time.perf_counter() - started < MOST


def test_the_measure_page_stays_quick_after_every_judgement(page, large):
    at = page("ui/measure/page.py")
    assert not at.exception
    held = JudgementStore(large.index.catalogue)
    held.grade(QUESTIONS[0].text, ALL[5], 3, "ada")
    started = time.perf_counter()
    at.run()
    assert not at.exception
    assert time.perf_counter() - started < MOST
