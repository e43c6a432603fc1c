from __future__ import annotations

import pytest

from rag.errors import RanklensError
from rag.evaluate.data import Question
from rag.evaluate.fitting.refusal import fit_refusal, rates
from rag.types import Stage, Trace, ranked
from tests.fakes import make_chunk

CHUNK = make_chunk("x", "nothing of it")


def asked(count: int, kind: str = "") -> list[Question]:
    return [Question(f"{kind}{i}", f"{kind} question {i}", kind) for i in range(count)]


def trace(cosine: float, **settings: object) -> Trace:
    return Trace("q", {"top": 1, **settings}, (Stage("dense", ranked([(CHUNK, cosine)]), 0.0),))


def no_terms(_text: str) -> list[str]:
    return []


def traces(good: list[Question], bad: list[Question], *cosines: float) -> dict[str, Trace]:
    """The answerable questions have the first cosine, the others the second."""
    return {q.id: trace(cosines[0]) for q in good} | {q.id: trace(cosines[1]) for q in bad}


def test_rates_by_hand():
    found = rates(([0.2, 0.5, 0.9, 0.5], [0.1, 0.4, 0.6, 0.5]), 0.5)
    assert (found.answered, found.refused, found.balanced) == (0.75, 0.5, 0.625)


def test_a_threshold_that_parts_both_kinds_is_found_and_holds():
    good, bad = asked(10), asked(8, "unanswerable")
    found = fit_refusal(good, bad, traces(good, bad, 0.9, 0.3), no_terms, 0.0)
    assert 0 < found.trained.refuse_below < 1
    assert (found.trained.balanced, found.held_out.balanced) == (1.0, 1.0)
    assert (found.current.answered, found.current.refused) == (1.0, 0.0)
    assert (found.answerable, found.unanswerable) == (10, 8)


def test_without_a_gain_the_present_one_stays():
    good, bad = asked(6), asked(4, "unanswerable")
    same = traces(good, bad, 0.5, 0.5)
    assert fit_refusal(good, bad, same, no_terms, 0.08).trained.refuse_below == 0.08


def test_too_few_and_another_encoder_are_told():
    good, bad = asked(6), asked(3, "unanswerable")
    with pytest.raises(RanklensError, match="3 unanswerable questions are too few"):
        fit_refusal(good, bad, {}, no_terms, 0.0)
    bad = asked(4, "unanswerable")
    other = {q.id: trace(0.5, encoder="other") for q in (*good, *bad)}
    with pytest.raises(RanklensError, match="another encoder"):
        fit_refusal(good, bad, other, no_terms, 0.0)
