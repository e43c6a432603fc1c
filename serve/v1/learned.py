"""The learned reranker: learn it from judgements as a job, adopt a version, go back."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from ranklens import background, judged_sets, learning, measuring
from ranklens.learning import LearnedWeights
from serve.bodies import ApiRoute
from serve.dependencies import Opened
from serve.v1.jobs import JobState
from serve.v1.trained import TrainBody, VersionsState, add_versions

router = APIRouter(prefix="/v1/learned", tags=["evaluations"], route_class=ApiRoute)


class LearnBody(TrainBody):
    """What is to be learned from."""

    rerankers: list[str] = Field(
        [], max_length=5, description="Rerankers of this machine whose scores are weighed too."
    )


class LearnedState(VersionsState[LearnedWeights]):
    """The versions that were learned, oldest first, and the one in use."""


add_versions(router, learning.KIND, LearnedState)


@router.post("", status_code=202)
def learn(body: LearnBody, library: Opened) -> JobState:
    """Learn a version from judged questions, as a job; nothing is changed until it is adopted."""
    ((_, options),) = measuring.resolve(library.settings, [body.pipeline]).items()
    judged = judged_sets.own_questions(library, body.questions, body.limit, body.collection)
    return JobState.of(background.learn(judged, options, body.rerankers))
