"""Answers side by side: one writer, what differs, what a link may start."""

import math

import pytest

from ranklens.beside import answers_beside, as_change, one_writer, stays_here
from ranklens.comparing import compare, grades_of
from tests.ui.fakes import ALL, FakeLibrary

Q = "How should batteries be kept?"
TWO = {"none": {"reranker": "none"}, "late": {"reranker": "late-interaction"}}
MODEL = {"llm_model": "m", "llm_base_url": "http://localhost:1"}
LABELS = {"none": "Without", "late": "With"}


@pytest.fixture
def library():
    return FakeLibrary()


def test_the_first_pipelines_model_writes_all_answers(library):
    first = {"reranker": "none", "llm_temperature": 0.5, "top": 3}
    second = {"pool": 9, "llm_temperature": 1.0, "generator": "extractive"}
    found = one_writer(library.settings, {"a": first, "b": second})
    assert found["a"] == first
    assert found["b"] == {"pool": 9, "llm_temperature": 0.5}
    assert one_writer(library.settings, {}) == {}


def test_sentences_that_only_one_answer_has_are_found(library):
    made = compare(library.pipeline, TWO, Q, answers=True)
    left, right = answers_beside(made)
    only = [[one.answer.text[a:b] for a, b in one.only] for one in (left, right)]
    # 0 and 1 against 10 and 0; markers and places do not count.
    assert any(ALL[10].text in words for words in only[1])
    assert not any(ALL[0].text == words.partition(" [")[0] for words in only[0])
    (same,) = answers_beside(compare(library.pipeline, {"a": TWO["none"]}, Q, answers=True))
    assert len(same.only) == 2
    twice = compare(library.pipeline, {"a": TWO["none"], "b": TWO["none"]}, Q, answers=True)
    assert [one.only for one in answers_beside(twice)] == [(), ()]
    assert answers_beside(compare(library.pipeline, TWO, Q)) == []


def test_two_pipelines_are_a_question_before_and_after(library):
    made = compare(library.pipeline, TWO, Q)
    change = as_change(made, grades_of(library, made), LABELS)
    assert (change.before.title, change.after.title) == ("Without", "With")
    assert math.isnan(change.change)
    first = change.after.items[0]
    assert (first.key, first.rank, first.was) == (ALL[10].id, 1, 5)
    library.judgements.grade(Q, ALL[10], 3, "ada")
    change = as_change(made, grades_of(library, made), LABELS)
    assert change.after.value == 1.0
    assert change.after.items[0].relevant
    assert (
        as_change(compare(library.pipeline, {"a": {}}, Q), grades_of(library, made), LABELS) is None
    )


@pytest.mark.parametrize(
    ("settings", "options", "answers", "here"),
    [
        ({}, {"reranker": "none"}, True, True),
        ({}, {"reranker": "auto"}, True, True),
        ({}, {"reranker": "cohere"}, False, False),
        ({}, {"reranker": "cascade:maxsim>cohere"}, False, False),
        ({}, {"rerank_fallbacks": "jina"}, False, False),
        (MODEL, {}, True, False),
        (MODEL, {}, False, True),
        (MODEL, {"expansion": "hyde"}, False, False),
        (MODEL, {"expansion": "feedback"}, False, True),
    ],
)  # fmt: skip
def test_a_link_starts_only_what_stays_on_this_machine(library, settings, options, answers, here):
    chosen = library.settings.updated(**settings)
    assert stays_here(chosen, {"a": {}, "b": options}, answers) is here
