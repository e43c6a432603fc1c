"""A sweep's state on disk."""

import pytest

from rag.errors import NotThere
from rag.evaluate.sweeps.kept import RESULTS, SweepState, SweptQuestion, kept, of_id
from rag.evaluate.sweeps.plan import SweepPlan

PLAN = SweepPlan("s", {"pool": (50, 20)}, ("a",), ("b",), "grid", "found@10k", {"top": 5})
ONE, TWO = (SweptQuestion(found, 0.5, 0.01, 900) for found in (0.25, 0.75))


def test_results_are_there_after_a_process_that_was_killed(tmp_path):
    state = SweepState.begin(tmp_path, PLAN)
    state.add("c1", "a", ONE)
    state.add("c2", "a", TWO)
    file = state.folder / RESULTS
    file.write_bytes(file.read_bytes()[:-9])  # killed while it wrote the last line
    again = SweepState.begin(tmp_path, PLAN)
    assert again.results == {("c1", "a"): ONE}
    again.add("c2", "a", TWO)
    assert SweepState.opened(tmp_path, PLAN.id).results == {("c1", "a"): ONE, ("c2", "a"): TWO}
    assert again.of("c2") == {"a": TWO}
    assert again.plan == PLAN


def test_a_damaged_line_costs_one_result(tmp_path):
    state = SweepState.begin(tmp_path, PLAN)
    state.add("c1", "a", ONE)
    with (state.folder / RESULTS).open("a") as file:
        file.write('{"configuration": "c1"}\n[1]\nnothing\n')
    state.add("c1", "b", TWO)
    assert SweepState.opened(tmp_path, PLAN.id).results == {("c1", "a"): ONE, ("c1", "b"): TWO}


def test_sweeps_are_listed_and_forgotten(tmp_path):
    state = SweepState.begin(tmp_path, PLAN)
    assert [one.key for one in kept(tmp_path)] == [PLAN.id]
    assert state.report is None
    state.finish({"seconds": 1})
    assert of_id(tmp_path, PLAN.id).report == {"seconds": 1}
    state.forget()
    assert kept(tmp_path) == []
    with pytest.raises(NotThere):
        of_id(tmp_path, PLAN.id)
