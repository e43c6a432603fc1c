"""What a sweep's report says, by what the other half of the questions shows."""

from pathlib import Path

import pytest

from rag.evaluate.reports.sweep import outside, summarise, worth_of
from rag.evaluate.sweeps.kept import SweepState, SweptQuestion
from rag.evaluate.sweeps.outcome import RoundDone, SweepEnd, SweepOutcome, outcome
from rag.evaluate.sweeps.plan import SweepPlan

CHOOSING, TESTING = (tuple(f"{half}{n}" for n in range(12)) for half in "ct")
FACTORS = {"chunk_tokens": (200, 400), "pool": (50, 20)}
PLAN = SweepPlan("s", FACTORS, CHOOSING, TESTING, "grid", "found@10k")
PRESENT, _, WINNER, _ = PLAN.configurations


def swept(folder: Path, on_test: float, problems: str = "") -> SweepOutcome:
    """The winner has 0.9 on the choosing half and ``on_test`` on the other, all else 0.5."""
    state = SweepState.begin(folder, PLAN)
    for one in PLAN.configurations:
        for question in (*CHOOSING, *TESTING):
            value = (0.9 if question in CHOOSING else on_test) if one == WINNER else 0.5
            failed = problems if one == WINNER else ""
            state.add(one.key, question, SweptQuestion(value, 0.5, 0.01, 900, 0.001, failed))
    keys = tuple(one.key for one in PLAN.configurations)
    return outcome(state, PLAN, SweepEnd((RoundDone(CHOOSING, keys),), 1.0))


def test_a_gain_on_the_other_half_is_clear_and_names_the_lines(tmp_path: Path):
    found = swept(tmp_path, 0.8)
    summary = summarise(found)
    assert found.winner == WINNER
    assert found.here == PRESENT
    assert summary.headline.endswith("a clear gain.")
    assert summary.lines == "chunk_tokens = 400\npool = 50"
    assert any("ranklens reindex" in one for one in summary.sentences)
    assert "better by 0.300" in worth_of(found, WINNER)
    assert outside(found)["configurations"][0]["cost_usd"] == pytest.approx(0.001)


def test_a_gain_on_the_choosing_half_alone_changes_nothing(tmp_path: Path):
    summary = summarise(swept(tmp_path, 0.5))
    assert "keep the present configuration" in summary.headline
    assert summary.lines == ""


def test_a_configuration_that_mostly_fails_cannot_win(tmp_path: Path):
    found = swept(tmp_path, 0.8, "fell back")
    assert found.winner == PRESENT
    assert summarise(found).headline == "No configuration did better than the present one."
    line = found.figures_of(WINNER)
    assert (line.problems, line.problem) == (12, "fell back")
