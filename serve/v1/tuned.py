"""The tuned cross-encoder: tuned on judgements as a job, adopted by an administrator."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from ranklens import background, judged_sets, measuring, tuning
from ranklens.tuning import SIZES, TunedVersion, TuningWishes
from serve.bodies import ApiRoute
from serve.dependencies import Opened
from serve.v1.jobs import JobState
from serve.v1.trained import TrainBody, VersionsState, add_versions

router = APIRouter(prefix="/v1/tuned", tags=["evaluations"], route_class=ApiRoute)


class TuneBody(TrainBody):
    """What is to be tuned, on what, and how."""

    base: str = Field("", max_length=200, description="A model of this machine, by name.")
    epochs: int = Field(2, ge=1, le=50, description="Passes over the pairs.")
    negatives: int = Field(7, ge=1, le=100, description="Passages that are not relevant, each.")
    learning_rate: float = Field(5e-5, ge=1e-7, le=1e-1)
    curve: bool = Field(False, description="Learning curve too: a training more for each size.")


class TunedState(VersionsState[TunedVersion]):
    """The versions that were tuned, oldest first, and the one in use."""


add_versions(router, tuning.KIND, TunedState)


@router.post("", status_code=202)
def tune(body: TuneBody, library: Opened) -> JobState:
    """Tune a cross-encoder on judged questions, as a job; nothing changes until it is adopted."""
    ((_, options),) = measuring.resolve(library.settings, [body.pipeline]).items()
    judged = judged_sets.own_questions(library, body.questions, body.limit, body.collection)
    wishes = TuningWishes(
        body.base, body.epochs, body.negatives, body.learning_rate,
        sizes=SIZES if body.curve else (),
    )  # fmt: skip
    return JobState.of(background.tune(judged, options, wishes))
