"""Judgements: grades of passages by people and models, in and out as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le
from fastapi import APIRouter, File, Form, Query, Response, UploadFile
from pydantic import BaseModel, ConfigDict, Field

from ranklens import (
    Judgement,
    auditing,
    background,
    comparison,
    inspecting,
    job_results,
    judging,
    measuring,
)
from serve.bodies import ApiRoute, CollectionName
from serve.dependencies import Opened
from serve.replies import described
from serve.v1.jobs import JobState

router = APIRouter(prefix="/v1/judgements", tags=["judgements"], route_class=ApiRoute)
CSV, QRELS = "text/csv", "text/plain"
MEDIA = {"csv": CSV, "qrels": QRELS}
TEXT = {"type": "string"}
Limit = Annotated[int, Query(ge=1, le=10_000)]
Offset = Annotated[int, Query(ge=0, le=2**53)]
Id = Annotated[int, Ge(1), Le(2**53)]


class JudgementBody(BaseModel):
    """A judge's grade of a passage: 0 (not relevant) to 3 (answers the question)."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(min_length=1)
    passage: str = Field(min_length=1, description="The passage's id, as `chunk.id` in a trace.")
    grade: int = Field(ge=0, le=3)
    judge: str = Field(judging.NOBODY, min_length=1, max_length=100)
    note: str = Field("", max_length=2000)


class Imported(BaseModel):
    """How many judgements a file held."""

    judgements: int


class ProposalBody(BaseModel):
    """A question set of which a model is to grade what the pipelines find first."""

    model_config = ConfigDict(extra="forbid")

    set: str
    pipelines: list[str] = Field([], max_length=20)
    depth: int = Field(10, ge=1, le=100, description="First passages of every stage.")
    limit: int | None = Field(None, ge=1, description="The first questions only.")


class RankBody(BaseModel):
    """A question set, and the pipelines to compare: the others with the first one."""

    model_config = ConfigDict(extra="forbid")

    set: str
    pipelines: list[str] = Field(min_length=2, max_length=20)
    collection: CollectionName = ""


@router.get("")
def list_judgements(
    library: Opened, question: str | None = None, limit: Limit = 1000, offset: Offset = 0
) -> list[Judgement]:
    """List all judgements, or those of one question, oldest first."""
    return judging.listed(library, question)[offset : offset + limit]


@router.post("", status_code=201)
def judge(body: JudgementBody, library: Opened) -> Judgement:
    """Keep a judge's grade of a passage, in place of an earlier one of the same judge."""
    passage = inspecting.found_passage(library, body.passage)
    return library.judge(body.question, passage, body.grade, judge=body.judge, note=body.note)


@router.get("/agreement")
def show_agreement(library: Opened) -> judging.Agreement:
    """Show who judged how much, and how far judges and models agree."""
    return judging.judges_agreement(library)


@router.get(
    "/file", response_class=Response, openapi_extra=described("A file.", {CSV: TEXT, QRELS: TEXT})
)
def export(
    library: Opened,
    form: Annotated[Literal["csv", "qrels"], Query()] = "csv",
    set: Annotated[str, Query(description="Question set; needed for qrels.")] = "",
) -> Response:
    """Return all judgements as CSV, or people's of a question set as TREC qrels."""
    asked = library.question_sets.questions(set) if form == "qrels" else ()
    text = judging.export_judgements(library, Path(f"judgements.{form}"), asked)
    return Response(text, media_type=MEDIA[form])


@router.post("/file", status_code=201)
def add_file(
    library: Opened,
    file: Annotated[UploadFile, File(description="A `.csv` file, or else TREC qrels.")],
    set: Annotated[str, Form(description="Question set; needed for qrels.")] = "",
    judge: Annotated[str, Form(description="Judge of rows that name none.")] = "import",
) -> Imported:
    """Keep the judgements of a file: all, or none if a row is faulty."""
    name = Path(Path(file.filename or "judgements").name)
    asked = library.question_sets.questions(set) if set or not judging.is_csv(name) else ()
    made = judging.import_judgements(library, name, asked, judge, data=file.file.read())
    return Imported(judgements=made)


@router.post("/rankings", status_code=202)
def rank(body: RankBody, library: Opened) -> JobState:
    """Rank a set's questions by every pipeline, as a job, so that `/useful` can compare them."""
    variants = measuring.resolve(library.settings, body.pipelines)
    return JobState.of(background.rank_all(library, body.set, variants, body.collection))


@router.get("/useful")
def show_useful(
    library: Opened,
    job: Annotated[str, Query(max_length=40, description="The id of a job of `/rankings`.")],
    most: Annotated[int, Query(ge=1, le=100)] = 10,
) -> dict[str, Any]:
    """Show which passages to judge next for a comparison, and how it stands so far."""
    return comparison.outside(library, job_results.ranked(library, job), most)


@router.get("/audit")
def show_audit(
    library: Opened,
    job: Annotated[str, Query(max_length=40, description="The id of a job of `/rankings`.")],
    model: Annotated[str, Query(max_length=200, description="Else the one with most grades.")] = "",
) -> dict[str, Any]:
    """Show a model's figures, corrected by what people graded of a random sample."""
    return auditing.outside(auditing.audit(library, job_results.ranked(library, job), model))


@router.post("/proposals", status_code=202)
def propose(body: ProposalBody, library: Opened) -> JobState:
    """Let the language model grade what a set's questions find; kept apart from people's grades."""
    questions = library.question_sets.questions(body.set)[: body.limit]
    variants = measuring.resolve(library.settings, body.pipelines)
    job = background.propose_grades(
        library, library.settings, variants, body.set, questions, body.depth
    )
    return JobState.of(job)


@router.delete("/{judgement}", status_code=204, response_class=Response)
def remove(judgement: Id, library: Opened) -> None:
    """Delete a judgement."""
    judging.remove(library, judgement)
