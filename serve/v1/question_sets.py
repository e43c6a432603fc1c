"""Question sets: written, imported from files, and drafts of a language model."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, Query, Response, UploadFile
from pydantic import BaseModel, ConfigDict, Field

from ranklens import background, exchange, job_results, question_sets, upkeep
from ranklens.question_sets import ImportedSet, Question
from serve.bodies import ApiRoute
from serve.dependencies import Opened
from serve.replies import described
from serve.v1.jobs import JobState

router = APIRouter(prefix="/v1", tags=["question sets"], route_class=ApiRoute)

ZIP = "application/zip"
Within = Annotated[
    str, Field(max_length=200, description="The collection that the questions are asked within.")
]


class SetSize(BaseModel):
    """A question set and how many questions it has.

    `collection` is the one that it is asked within, empty if it names none.
    """

    name: str
    questions: int
    collection: str = ""


class SetBody(BaseModel):
    """The questions of a set, in their order."""

    model_config = ConfigDict(extra="forbid")

    questions: list[Question] = Field(max_length=100_000)
    collection: Within = ""


class DraftBody(BaseModel):
    """A document that the language model is to write questions from."""

    model_config = ConfigDict(extra="forbid")

    document: str
    count: int = Field(10, ge=1, le=100)


class KeepBody(BaseModel):
    """The drafts to keep, by their places from 0, and the set that they go into."""

    model_config = ConfigDict(extra="forbid")

    set: str = Field(min_length=1)
    chosen: list[int] | None = Field(None, description="Places from 0; all if left out.")


@router.get("/question-sets")
def list_sets(library: Opened) -> list[SetSize]:
    """List the question sets."""
    held = library.question_sets
    return [
        SetSize(name=name, questions=count, collection=held.collection_of(name))
        for name, count in held.sizes().items()
    ]


@router.post("/question-sets", status_code=201)
def import_set(
    library: Opened,
    files: Annotated[
        list[UploadFile],
        File(description="CSV, JSON Lines or TREC topics, or the files of a BEIR folder."),
    ],
    name: Annotated[str, Form(description="The set's name; else that of the file.")] = "",
    collection: Annotated[
        str, Form(description="The collection that the questions are asked within.")
    ] = "",
) -> ImportedSet:
    """Store a question set from files; quotes that answer a question become judgements."""
    uploads = [(one.filename or "questions", one.file) for one in files]
    return question_sets.import_uploads(library, uploads, name, collection)


@router.post("/datasets", status_code=202)
def import_dataset(
    library: Opened,
    files: Annotated[
        list[UploadFile],
        File(description="The files of a BEIR folder, parquet files, or a ZIP archive of one."),
    ],
    name: Annotated[str, Form(description="The set's and the collection's name.")] = "",
) -> JobState:
    """Add a data set, as a job: its documents as a collection, its questions and judgements."""
    uploads = [(one.filename or "dataset", one.file) for one in files]
    return JobState.of(upkeep.import_dataset(library, uploads, name))


@router.get(
    "/datasets",
    response_class=Response,
    openapi_extra=described("A ZIP archive.", {ZIP: {"type": "string", "format": "binary"}}),
)
def export_dataset(
    library: Opened,
    set: Annotated[str, Query(description="Question set.")],
    form: Annotated[exchange.Form, Query(description="BEIR's layout, or the hub's.")] = "beir",
) -> Response:
    """Return a question set with its collection's passages and people's grades."""
    headers = {"Content-Disposition": f'attachment; filename="{form}.zip"'}
    data = exchange.export_archive(library, set, form)
    return Response(data, media_type=ZIP, headers=headers)


@router.get("/question-sets/{name:path}")
def show_set(name: str, library: Opened) -> list[Question]:
    """Show a set's questions in their order."""
    return list(library.question_sets.questions(name))


@router.put("/question-sets/{name:path}")
def put_set(name: str, body: SetBody, library: Opened) -> SetSize:
    """Store a set in place of what had its name."""
    count = library.question_sets.put(name, body.questions, body.collection)
    collection = library.question_sets.collection_of(name)
    return SetSize(name=name, questions=count, collection=collection)


@router.delete("/question-sets/{name:path}", status_code=204, response_class=Response)
def delete_set(name: str, library: Opened) -> None:
    """Delete a set; judgements of its questions stay."""
    question_sets.delete(library, name)


@router.post("/drafts", status_code=202)
def write(body: DraftBody, library: Opened) -> JobState:
    """Let the language model write questions from a document; nothing is kept yet."""
    job = background.write_questions(library, library.settings, body.document, body.count)
    return JobState.of(job)


@router.post("/drafts/{job_id}", status_code=201)
def keep(job_id: str, body: KeepBody, library: Opened) -> SetSize:
    """Keep drafts of a job that is done, their quotes as the model's judgements."""
    name, number = job_results.keep_drafts(library, job_id, body.set, body.chosen)
    return SetSize(name=name, questions=number)
