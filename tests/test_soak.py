"""A short version of `make soak`: visitors ask and look around, without an error."""

from benchmarks import soak


def test_visitors_work_without_an_error():
    found = soak.soak(seconds=8, pages=3, rate=2)
    assert found.errors == []
    assert {kind for kind, _ in found.times} >= {"ask", "open a page"}
    assert len(found.times) == 16
    early, late = found.growth()
    assert 100 < early < 2_000
    assert 100 < late < 2_000


def test_growth_and_shares_are_those_of_the_parts():
    found = soak.Soak(memory=[(at, 90.0 if at < 20 else 100.0 + at / 10) for at in range(100)])
    assert found.growth() == (102.95, 108.95)
