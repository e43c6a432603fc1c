"""The kinds of jobs: what the result of each is to other programs, and how one is started."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rag.errors import LibraryError
from ranklens import (
    advising,
    fitting,
    graded_answers,
    learning,
    measuring,
    sweeping,
    tuning,
)
from ranklens.jobs import Job, Work

if TYPE_CHECKING:
    from ranklens.library import Library

MEASURE, FIT, ADVISE, PROPOSE, WRITE = "measure", "fit", "advise", "propose", "write"
PULL, ADD, VERIFY, REBUILD, SPEED = "pull", "add", "verify", "rebuild", "speed"
SAMPLES = "samples"
LEARN, TUNE, SWEEP = "learn", "tune", "sweep"
RANK, IMPORT, ANSWERS = "rank", "import", "answers"


def _fit(found: fitting.Fit) -> dict[str, Any]:
    summary = [{"part": p.title, "choice": p.choice, "worth": p.worth} for p in found.summary()]
    names = ("name", "options", "questions", "seconds", "failed")
    return {
        **{name: getattr(found, name) for name in names},
        "parts": found.parts(),
        "summary": summary,
    }


FORMS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    MEASURE: lambda evaluation: measuring.outside(measuring.figures_of(evaluation)),
    FIT: _fit,
    ADVISE: advising.outside,
    LEARN: learning.outside,
    SWEEP: sweeping.outside,
    RANK: asdict,
    IMPORT: asdict,
    TUNE: tuning.outside,
    ANSWERS: graded_answers.outside,
    PROPOSE: asdict,
    WRITE: asdict,
    PULL: lambda name: {"model": name},
    ADD: lambda outcomes: {"outcomes": [asdict(one) for one in outcomes]},
    VERIFY: asdict,
    REBUILD: asdict,
    SPEED: lambda found: {"speeds": {name: asdict(speed) for name, speed in found.items()}},
}
"""What a kind's result is as JSON's own types; a kind that is not here has none for others."""


def start(
    library: Library, kind: str, what: str, work: Work, unit: str = "questions",
    arguments: Mapping[str, Any] | None = None,
) -> Job:  # fmt: skip
    """Start a job; raises `LibraryError` while another one of the library runs.

    ``arguments`` are what it can be started again with.
    """
    started = library.jobs.start(kind, what, work, unit, arguments, FORMS.get(kind))
    if started is None:
        raise LibraryError("the library is busy with another job; wait for it, or stop it")
    return started
