"""Sweeps: options compared on judged questions as a job, and what the best are worth."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi import Path as ApiPath
from pydantic import BaseModel, ConfigDict, Field

from ranklens import background, judged_sets, sweeping
from serve.bodies import ApiRoute, CollectionName
from serve.dependencies import Opened
from serve.v1.jobs import JobState

router = APIRouter(prefix="/v1/sweeps", tags=["evaluations"], route_class=ApiRoute)

SweepId = Annotated[str, ApiPath(max_length=40)]
Values = Annotated[list[str | int | float | bool | None], Field(min_length=1, max_length=50)]


class SweepBody(BaseModel):
    """What is to be tried, on which questions."""

    model_config = ConfigDict(extra="forbid")

    questions: str | list[str] = Field(description="A set's name, or the questions themselves.")
    tried: dict[str, Values] = Field(
        description="Option → values beside the present one: `chunk_tokens`, `chunk_overlap`, "
        "`encoder`, or options that shape a ranking.",
        min_length=1,
        max_length=20,
    )
    method: sweeping.Method = "halving"
    measure: Literal["auto", "found@10k", "evidence"] = "auto"
    minutes: float | None = Field(None, gt=0, le=10_000, description="The time for choosing.")
    index_mb: int = Field(sweeping.INDEX_MB, ge=1, le=sweeping.INDEX_MB)
    save_as: str = Field("", max_length=40, description="Save the best of this index.")
    again: bool = Field(False, description="Measure anew what is measured already.")
    limit: int | None = Field(None, ge=1, description="The first questions only.")
    collection: CollectionName = ""


@router.post("", status_code=202)
def sweep(body: SweepBody, library: Opened) -> JobState:
    """Try options and test the best on other questions, as a job that can be resumed.

    A sweep of the same body that was stopped goes on where it was.
    """
    wishes = sweeping.SweepWishes(
        tried=body.tried,
        method=body.method,
        measure=body.measure,
        minutes=body.minutes,
        index_mb=body.index_mb,
        save_as=body.save_as,
        again=body.again,
    )
    judged = judged_sets.own_questions(library, body.questions, body.limit, body.collection)
    return JobState.of(background.sweep(judged, wishes))


@router.get("/{sweep_id}")
def show_sweep(sweep_id: SweepId, library: Opened) -> dict[str, Any]:
    """Show a finished sweep."""
    return sweeping.outside(sweeping.of_id(library, sweep_id))


@router.delete("/{sweep_id}", status_code=204)
def remove_sweep(sweep_id: SweepId, library: Opened) -> None:
    """Delete a sweep with its results and indexes."""
    sweeping.forget(library, sweep_id)
