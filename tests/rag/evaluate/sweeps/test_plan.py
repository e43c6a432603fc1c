"""Factors, configurations and halves."""

import pytest

from rag.errors import RanklensError, SettingsError
from rag.evaluate.data import Question
from rag.evaluate.sweeps.plan import SweepPlan, factors, halves, measured_by
from rag.settings import Settings

QUESTIONS = [Question(f"q{n}", f"What is number {n}?") for n in range(60)]


def plan(**tried) -> SweepPlan:
    return SweepPlan(
        "s", factors(Settings(), tried, owner=True), ("a",), ("b",), "grid", "found@10k"
    )


def test_present_values_come_first_and_indexes_together():
    made = plan(pool=["20", 50], chunk_tokens=[100]).configurations
    assert [one.name for one in made] == [
        "chunk_tokens=200, pool=50",
        "chunk_tokens=200, pool=20",
        "chunk_tokens=100, pool=50",
        "chunk_tokens=100, pool=20",
    ]
    assert made[3].index == {"chunk_tokens": 100}
    assert made[3].ranking == {"pool": 20}
    assert len({one.key for one in made}) == 4


def test_a_plan_reads_back_as_it_was_written():
    import json
    from dataclasses import asdict

    made = plan(pool=[20])
    again = SweepPlan.from_json(json.loads(json.dumps(asdict(made))))
    assert (again, again.id) == (made, made.id)


@pytest.mark.parametrize(
    ("tried", "why"),
    [
        ({}, "name what to try"),
        ({"pool": [0]}, "pool"),
        ({"api_keys": ["x"]}, "unknown option"),
        ({"library": ["/tmp"]}, "cannot be swept"),
        ({"pool": [50]}, "only values are the present"),
        ({"pool": range(1, 40), "top": range(1, 21)}, "configurations"),
    ],
)
def test_what_cannot_be_tried_is_refused(tried, why):
    with pytest.raises(SettingsError, match=why):
        factors(Settings(), tried, owner=True)


def test_a_visitor_tries_what_visitors_may_set_and_no_folder():
    assert factors(Settings(), {"pool": [20], "chunk_tokens": [100]}, owner=False)
    for tried in ({"encoder": ["/models/x"]}, {"cross_encoder": ["/models/x"]},
                  {"language": ["german"]}):  # fmt: skip
        with pytest.raises(SettingsError):
            factors(Settings(), tried, owner=False)


def test_halves_are_fixed_and_never_share_a_question():
    choosing, testing = halves(QUESTIONS)
    assert not {*choosing} & {*testing}
    assert {*choosing, *testing} == {q.id for q in QUESTIONS}
    assert 20 <= len(choosing) <= 40
    fewer = halves([Question(f"other-{q.id}", f"  {q.text.upper()}") for q in QUESTIONS[:40]])
    before = {f"other-{q}" for q in testing}
    assert {*fewer[1]} <= before, "a question changed its half with the set"


def test_too_few_questions_are_refused():
    with pytest.raises(RanklensError, match="judge more"):
        halves(QUESTIONS[:3])


def test_what_changes_only_the_evidence_is_measured_by_it():
    assert measured_by({"pool": (50, 20)}, "auto") == "found@10k"
    assert measured_by({"pool": (50, 20), "widen": ("auto", "on")}, "auto") == "evidence"
    assert measured_by({"widen": ("auto", "on")}, "found@10k") == "found@10k"
