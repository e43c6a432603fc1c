"""The learned reranker: learn it from judgements as a job, adopt a version, go back."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from ranklens import background, learning, measuring
from ranklens.learning import LearnedWeights
from serve.bodies import ApiRoute, CollectionName
from serve.dependencies import Opened
from serve.v1.jobs import JobState

router = APIRouter(prefix="/v1/learned", tags=["evaluations"], route_class=ApiRoute)


class LearnBody(BaseModel):
    """What is to be learned from."""

    model_config = ConfigDict(extra="forbid")

    questions: str | list[str] = Field(description="A set's name, or the questions themselves.")
    pipeline: str = Field("current", description="What it is compared with.")
    rerankers: list[str] = Field(
        [], max_length=5, description="Rerankers of this machine whose scores are weighed too."
    )
    limit: int | None = Field(None, ge=1, description="The first questions only.")
    collection: CollectionName = ""


class AdoptBody(BaseModel):
    """The version that is to rank; the newest if none is given."""

    model_config = ConfigDict(extra="forbid")

    version: int | None = Field(None, ge=1)


class LearnedState(BaseModel):
    """The versions of the library, oldest first, and the one in use."""

    versions: list[LearnedWeights]
    in_use: int | None


@router.get("")
def show_versions(library: Opened) -> LearnedState:
    """Show the versions that were learned, what each gains, and which is in use."""
    return _state(library)


@router.post("", status_code=202)
def learn(body: LearnBody, library: Opened) -> JobState:
    """Learn a version from judged questions, as a job; nothing is changed until it is adopted."""
    ((_, options),) = measuring.resolve(library.settings, [body.pipeline]).items()
    judged = measuring.own_questions(library, body.questions, body.limit, body.collection)
    return JobState.of(background.learn(judged, options, body.rerankers))


@router.post("/adoptions", status_code=201)
def adopt(body: AdoptBody, library: Opened) -> LearnedState:
    """Have a version rank, if its gain is shown; the reranker `auto` takes it from now on."""
    learning.adopt(library, body.version)
    return _state(library)


@router.delete("/adoptions")
def back(library: Opened) -> LearnedState:
    """Take the last adoption back."""
    learning.back(library)
    return _state(library)


def _state(library: Opened) -> LearnedState:
    now = learning.adopted(library)
    return LearnedState(versions=learning.versions(library), in_use=now.version if now else None)
