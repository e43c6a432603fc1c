"""Relevance of the evidence, from a trace, and the refusal below a threshold."""

from dataclasses import replace

import pytest

from rag.generate.answer import Answering
from rag.generate.base import REFUSAL
from rag.generate.relevance import features, relevance
from rag.types import Stage, Trace, ranked
from tests.fakes import make_chunk


def words(text):
    return text.lower().split()


def trace(question, texts, cosines, top=2, fell_back=False):
    chunks = [make_chunk(f"c{n}", text) for n, text in enumerate(texts)]
    dense = Stage("dense", ranked(zip(chunks, cosines, strict=True)), 0.1, fell_back=fell_back)
    fused = Stage("fused", ranked((c, 1.0 - n) for n, c in enumerate(chunks)), 0.1)
    return Trace(question, {"top": top}, (dense, fused))


def test_the_features_can_be_worked_out_by_hand():
    made = trace("red moon", ["red one", "blue two", "moon three"], [0.5, 0.9, 0.95], top=2)
    cosine, held = features(made, words)
    assert cosine == 0.9  # of the two that the answer is given
    assert held == pytest.approx(0.5)  # "moon" is only in what it is not given
    assert features(trace("red one", ["red one", "x"], [0.2, 0.1]), words)[1] == pytest.approx(1.0)


def test_more_is_more_relevant():
    near = relevance(trace("red moon", ["red moon", "x"], [0.8, 0.1]), words)
    far = relevance(trace("red moon", ["blue sun", "x"], [0.1, 0.1]), words)
    assert 0 <= far < near <= 1


def test_without_dense_retrieval_nothing_is_said():
    assert relevance(trace("q", ["a"], [0.5], fell_back=True), words) is None
    assert relevance(Trace("q", {}, ()), words) is None


def test_another_encoder_is_not_judged_by_the_fit():
    made = trace("q", ["a"], [0.1])
    assert relevance(made, words) is not None
    assert relevance(replace(made, settings={"top": 2, "encoder": "other"}), words) is None


class Never:
    name = "never"

    def stream(self, question, hits):
        raise AssertionError("it must not be asked")


def test_below_the_threshold_it_refuses_and_invents_nothing():
    made = trace("q", ["a"], [0.5])
    answering = Answering(Never(), "q", made.evidence, relevance=0.2, refuse_below=0.3)
    assert "".join(answering) == REFUSAL
    assert answering.answer.refused
    assert answering.answer.details["relevance"] == 0.2
