"""Measures on judged text, worked out by hand."""

import math

import pytest

from rag.evaluate.judgements.spans import JudgedSpan, distinct
from rag.evaluate.sweeps import quality
from rag.types import Chunk, Stage, Trace, ranked

TEXT = "x" * 12_000


def chunk(start: int, end: int, document: str = "a.txt") -> Chunk:
    return Chunk(f"{document}:{start}:{end}", document, start, end, TEXT[start:end])


def hits(*chunks: Chunk):
    return ranked((one, -float(place)) for place, one in enumerate(chunks))


def test_text_counts_where_it_stands_in_what_is_read():
    spans = (JudgedSpan("a.txt", 0, 100, 3), JudgedSpan("a.txt", 1000, 1100, 1))
    first, second = chunk(0, 1000), chunk(1000, 2000)
    assert quality.found(hits(first, second), spans) == pytest.approx((3 + 1 / math.log2(3)) / 4)
    assert quality.found(hits(second, first), spans) == pytest.approx((1 + 3 / math.log2(3)) / 4)
    assert quality.found(hits(chunk(0, 2000)), spans) == 1.0


def test_half_of_a_span_is_half_of_it_and_nothing_counts_twice():
    spans = (JudgedSpan("a.txt", 0, 1000, 2),)
    assert quality.found(hits(chunk(0, 500)), spans) == 0.5
    rest = 0.25 / math.log2(1 + 1.5)
    assert quality.found(hits(chunk(0, 500), chunk(250, 750)), spans) == pytest.approx(0.5 + rest)
    assert quality.found(hits(chunk(0, 500, "b.txt")), spans) == 0.0


def test_small_chunks_that_hold_the_same_text_in_the_same_order_are_nearly_alike():
    spans = (JudgedSpan("a.txt", 1200, 1300, 1),)
    large = quality.found(hits(chunk(0, 1000), chunk(1000, 2000)), spans)
    small = quality.found(hits(*(chunk(at, at + 250) for at in range(0, 2000, 250))), spans)
    assert large == pytest.approx(1 / math.log2(3))
    assert small == pytest.approx((0.5 / math.log2(3) + 0.5 / math.log2(3.25)), abs=0.02)


def test_what_stands_beyond_what_is_read_is_not_found():
    spans = (JudgedSpan("a.txt", 11_000, 11_100, 1),)
    assert quality.found(hits(chunk(0, 10_000), chunk(11_000, 11_500)), spans) == 0.0


def test_a_document_that_was_judged_whole_is_found_by_its_first_chunk():
    spans = (JudgedSpan("a.txt", 0, 0, 2), JudgedSpan("b.txt", 0, 0, 1))
    ranking = hits(chunk(0, 100), chunk(100, 200), chunk(0, 100, "b.txt"))
    assert quality.found(ranking, spans) == pytest.approx((2 + 1 / math.log2(2.2)) / 3)


def test_evidence_is_what_the_answer_is_given_widened_included():
    spans = (JudgedSpan("a.txt", 0, 200, 1),)
    stage = Stage("reranked", hits(chunk(0, 100), chunk(500, 600)), 0.0)
    trace = Trace("q", {"top": 1}, (stage,))
    assert quality.evidence(trace, spans) == 0.5
    assert quality.characters(trace) == 100
    beside = Stage("widened", hits(chunk(100, 200)), 0.0)
    wide = Trace("q", {"top": 1}, (stage,), widened=beside)
    assert quality.evidence(wide, spans) == 1.0
    assert quality.characters(wide) == 200


def test_spans_of_two_chunkings_count_once():
    long, short = JudgedSpan("a.txt", 0, 900, 2), JudgedSpan("a.txt", 0, 400, 2)
    other, zero = JudgedSpan("a.txt", 2000, 2100, 1), JudgedSpan("a.txt", 5000, 5100, 0)
    assert distinct([long, short, other, zero]) == (short, other)
