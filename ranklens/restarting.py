"""Starting an interrupted job again, with what it was started with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from rag.errors import NotThere
from ranklens.advising import AdviceWishes
from ranklens.background import advise, fit, measure, sweep, tune
from ranklens.job_kinds import ADVISE, FIT, MEASURE, SAMPLES, SPEED, SWEEP, TUNE
from ranklens.judged_sets import question_set
from ranklens.sweeping import SweepWishes
from ranklens.tuning import TuningWishes
from ranklens.upkeep import add_samples, measure_speeds

if TYPE_CHECKING:
    from ranklens.jobs import Job
    from ranklens.judged_sets import JudgedSet
    from ranklens.library import Library


def again(library: Library, interrupted: Job) -> Job:
    """Start a job that was interrupted again, with what it was started with.

    Raises `NotThere` if that was not written down (`Job.arguments`), or is not there any more.
    """
    made_of = interrupted.arguments
    if made_of is None or interrupted.kind not in _AGAIN:
        raise NotThere("what this job was started with was not written down")
    return _AGAIN[interrupted.kind](library, made_of)


def _judged(library: Library, made_of: Mapping[str, Any]) -> JudgedSet:
    return question_set(library, made_of["set"], folders=False, collection=made_of["collection"])


_AGAIN: Mapping[str, Callable[[Library, Mapping[str, Any]], Job]] = {
    MEASURE: lambda library, a: measure(
        _judged(library, a), a["pipelines"], one_pool=a["one_pool"], answers=a["answers"]
    ),
    FIT: lambda library, a: fit(_judged(library, a), a["pipeline"], a["options"], blend=a["blend"]),
    ADVISE: lambda library, a: advise(
        _judged(library, a), AdviceWishes(**_with_tuples(a["wishes"]))
    ),
    TUNE: lambda library, a: tune(
        _judged(library, a), a["options"], TuningWishes(**_with_tuples(a["wishes"]))
    ),
    SWEEP: lambda library, a: sweep(_judged(library, a), SweepWishes(**a["wishes"])),
    SPEED: lambda library, a: measure_speeds(library, a["names"]),
    SAMPLES: lambda library, _: add_samples(library),
}


def _with_tuples(wishes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(v) if isinstance(v, list) else v for name, v in wishes.items()}
