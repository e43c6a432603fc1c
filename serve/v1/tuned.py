"""The tuned cross-encoder: tuned on judgements as a job, adopted by an administrator."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from ranklens import background, measuring, tuning
from ranklens.tuning import SIZES, TunedVersion, TuningWishes
from serve.bodies import ApiRoute, CollectionName
from serve.dependencies import Opened
from serve.v1.jobs import JobState
from serve.v1.learned import AdoptBody

router = APIRouter(prefix="/v1/tuned", tags=["evaluations"], route_class=ApiRoute)


class TuneBody(BaseModel):
    """What is to be tuned, on what, and how."""

    model_config = ConfigDict(extra="forbid")

    questions: str | list[str] = Field(description="A set's name, or the questions themselves.")
    base: str = Field("", max_length=200, description="A model of this machine, by name.")
    epochs: int = Field(2, ge=1, le=50, description="Passes over the pairs.")
    negatives: int = Field(7, ge=1, le=100, description="Passages that are not relevant, each.")
    learning_rate: float = Field(5e-5, ge=1e-7, le=1e-1)
    curve: bool = Field(False, description="Learning curve too: a training more for each size.")
    pipeline: str = Field("current", description="What it is compared with.")
    limit: int | None = Field(None, ge=1, description="The first questions only.")
    collection: CollectionName = ""


class TunedState(BaseModel):
    """The versions of the library, oldest first, and the one in use."""

    versions: list[TunedVersion]
    in_use: int | None


@router.get("")
def show_versions(library: Opened) -> TunedState:
    """Show the versions that were tuned, what each gains, and which is in use."""
    return _state(library)


@router.post("", status_code=202)
def tune(body: TuneBody, library: Opened) -> JobState:
    """Tune a cross-encoder on judged questions, as a job; nothing changes until it is adopted."""
    ((_, options),) = measuring.resolve(library.settings, [body.pipeline]).items()
    judged = measuring.own_questions(library, body.questions, body.limit, body.collection)
    wishes = TuningWishes(
        body.base, body.epochs, body.negatives, body.learning_rate,
        sizes=SIZES if body.curve else (),
    )  # fmt: skip
    return JobState.of(background.tune(judged, options, wishes))


@router.post("/adoptions", status_code=201)
def adopt(body: AdoptBody, library: Opened) -> TunedState:
    """Have a version rank, if its gain is shown; the reranker `auto` takes it from now on."""
    tuning.adopt(library, body.version)
    return _state(library)


@router.delete("/adoptions")
def back(library: Opened) -> TunedState:
    """Take the last adoption back."""
    tuning.back(library)
    return _state(library)


def _state(library: Opened) -> TunedState:
    now = tuning.adopted(library)
    return TunedState(versions=tuning.versions(library), in_use=now.version if now else None)
