"""Evaluations: what each stage of each pipeline gains, fits, and the figures of the log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Query, Response, UploadFile
from fastapi import Path as ApiPath
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import FileResponse

from ranklens import (
    advising,
    background,
    evaluations,
    interleaving,
    judged_sets,
    measuring,
    monitoring,
)
from serve.bodies import ApiRoute, CollectionName
from serve.dependencies import Opened
from serve.replies import JSON, SCHEMAS, JsonReply, described
from serve.v1.jobs import JobState

router = APIRouter(prefix="/v1", tags=["evaluations"], route_class=ApiRoute)

Pipelines = Annotated[
    list[str],
    Field(max_length=20, description="Rerankers, saved pipelines, or options: `pool=100`."),
]
Metrics = Annotated[
    list[str], Query(default_factory=list, max_length=20, description="Further metrics: `ndcg@5`.")
]
Gates = Annotated[
    list[str],
    Query(default_factory=list, max_length=20, description="`reranked.ndcg@10>=0.70`"),
]
Form = Annotated[
    Literal["figures", "report", "runs"],
    Query(description="Figures as JSON, the report as HTML, or TREC runs in a ZIP archive."),
]
ZIP = "application/zip"
EvaluationId = Annotated[str, ApiPath(max_length=40, description="An id, or `last`.")]
BINARY = {"type": "string", "format": "binary"}
TEXT = {"type": "string"}


class MeasureBody(BaseModel):
    """What is to be measured: a question set, or questions that were judged."""

    model_config = ConfigDict(extra="forbid")

    questions: str | list[str] = Field(description="A set's name, or the questions themselves.")
    pipelines: Pipelines = []
    one_pool: bool = Field(False, description="All rerank the first one's candidates.")
    answers: bool = Field(False, description="Write and measure answers too.")
    limit: int | None = Field(None, ge=1, description="The first questions only.")
    collection: CollectionName = ""


class FitBody(BaseModel):
    """What is to be fitted."""

    model_config = ConfigDict(extra="forbid")

    questions: str | list[str] = Field(description="A set's name, or the questions themselves.")
    pipeline: str = "current"
    blend: bool = Field(False, description="The weights of a hybrid reranker too.")
    limit: int | None = Field(None, ge=1, description="The first questions only.")
    collection: CollectionName = ""


class AnswerGradesBody(BaseModel):
    """Which questions are answered by which pipeline, to be graded by the language model."""

    model_config = ConfigDict(extra="forbid")

    set: str
    pipeline: str = "current"
    limit: int | None = Field(None, ge=1, description="The first questions only.")


class AdviceBody(BaseModel):
    """On which questions, rerankers and pools, for which budget and volume."""

    model_config = ConfigDict(extra="forbid")

    questions: str | list[str] = Field(description="A set's name, or the questions themselves.")
    rerankers: list[str] = Field([], max_length=10, description="The library's own without any.")
    pools: list[Annotated[int, Field(ge=1)]] = Field(
        list(advising.POOLS), min_length=1, max_length=10
    )
    budget_ms: float | None = Field(None, gt=0, description="Until the answer's first words.")
    percentile: Literal[95, 99] = 95
    per_day: float = Field(1_000, gt=0, description="Questions.")
    machine_usd: float | None = Field(None, ge=0, description="An own machine's price a month.")
    limit: int | None = Field(None, ge=1, description="The first questions only.")
    collection: CollectionName = ""


class EvaluationFigures(BaseModel):
    """The figures of an evaluation, and what became of each gate."""

    figures: dict[str, Any]
    gates: list[GateResult]

    @classmethod
    def of(
        cls, found: measuring.Figures, outcomes: Sequence[measuring.GateOutcome]
    ) -> EvaluationFigures:
        """Describe figures and outcomes."""
        gates = [GateResult(gate=str(o.gate), passed=o.passed, words=str(o)) for o in outcomes]
        return cls(figures=measuring.outside(found), gates=gates)


class GateResult(BaseModel):
    """A gate and whether it was passed."""

    gate: str
    passed: bool
    words: str


@router.post("/evaluations", status_code=202)
def evaluate(body: MeasureBody, library: Opened) -> JobState:
    """Measure what each stage of each pipeline gains, with confidence intervals, as a job."""
    pipelines = measuring.resolve(library.settings, body.pipelines)
    judged = judged_sets.own_questions(library, body.questions, body.limit, body.collection)
    return JobState.of(
        background.measure(judged, pipelines, one_pool=body.one_pool, answers=body.answers)
    )


@router.get("/evaluations")
def list_evaluations(library: Opened, questions: str = "") -> list[dict[str, Any]]:
    """List the kept evaluations, newest first, as they were measured; of one set if it is named."""
    return [evaluations.as_json(one) for one in evaluations.listed(library, questions)]


@router.get("/evaluations/{evaluation_id}")
def show_evaluation(
    evaluation_id: EvaluationId, library: Opened, metric: Metrics, gate: Gates
) -> EvaluationFigures:
    """Show an evaluation's figures, with the judgements of now."""
    return EvaluationFigures.of(*evaluations.figures(library, evaluation_id, metric, gate))


@router.delete("/evaluations/{evaluation_id}", status_code=204)
def remove_evaluation(evaluation_id: EvaluationId, library: Opened) -> None:
    """Delete a kept evaluation with its rankings."""
    library.evaluations.remove(evaluation_id)


@router.get(
    "/evaluations/{evaluation_id}/report",
    response_class=Response,
    openapi_extra=described("An HTML page that needs no network.", {"text/html": TEXT}),
)
def show_report(evaluation_id: EvaluationId, library: Opened) -> Response:
    """Return the report of an evaluation as a file."""
    return _report(evaluations.figures(library, evaluation_id)[0])


@router.get(
    "/evaluations/{evaluation_id}/rankings",
    response_class=Response,
    openapi_extra=described("What `ranklens eval --save` writes.", {"application/gzip": BINARY}),
)
def show_rankings(evaluation_id: EvaluationId, library: Opened) -> Response:
    """Return every ranking of an evaluation, to be replayed."""
    path = evaluations.file(library, evaluation_id)
    return FileResponse(path, media_type="application/gzip", filename=f"{evaluation_id}.json.gz")


@router.get(
    "/evaluations/{evaluation_id}/runs",
    response_class=Response,
    openapi_extra=described("What `ranklens eval --runs` writes, as a ZIP archive.", {ZIP: BINARY}),
)
def show_runs(evaluation_id: EvaluationId, library: Opened) -> Response:
    """Return each stage of each pipeline of an evaluation as a TREC run."""
    return _runs(evaluations.rankings(library, evaluation_id))


@router.post(
    "/evaluations/replay",
    response_class=Response,
    openapi_extra=described(
        "What `form` asks for; figures are as those of a kept evaluation.",
        {JSON: {"$ref": f"{SCHEMAS}EvaluationFigures"}, "text/html": TEXT, ZIP: BINARY},
    ),
)
def replay(
    file: Annotated[UploadFile, File(description="What `ranklens eval --save` wrote.")],
    metric: Metrics,
    gate: Gates,
    form: Form = "figures",
) -> Response:
    """Work out the figures of a saved evaluation again; nothing is searched, and nothing kept."""
    evaluation = measuring.opened(file.filename or "rankings", file.file.read())
    if form == "runs":
        return _runs(evaluation)
    found, outcomes = measuring.figures_and_gates(evaluation, metric, gate)
    if form == "report":
        return _report(found)
    return JsonReply(EvaluationFigures.of(found, outcomes).model_dump())


def _report(found: measuring.Figures) -> Response:
    headers = {"Content-Disposition": 'attachment; filename="report.html"'}
    return Response(evaluations.report_page(found), media_type="text/html", headers=headers)


def _runs(evaluation: measuring.Evaluation) -> Response:
    headers = {"Content-Disposition": 'attachment; filename="runs.zip"'}
    return Response(measuring.runs_archive(evaluation), media_type=ZIP, headers=headers)


@router.post("/fits", status_code=202)
def fit(body: FitBody, library: Opened) -> JobState:
    """Fit weights, the threshold and when to refuse, as a job; nothing is changed."""
    ((name, options),) = measuring.resolve(library.settings, [body.pipeline]).items()
    judged = judged_sets.own_questions(library, body.questions, body.limit, body.collection)
    return JobState.of(background.fit(judged, name, options, blend=body.blend))


@router.post("/answer-grades", status_code=202)
def grade_answers(body: AnswerGradesBody, library: Opened) -> JobState:
    """Let the language model grade the answers to a set's questions, claim by claim, as a job."""
    ((_, options),) = measuring.resolve(library.settings, [body.pipeline]).items()
    return JobState.of(
        background.grade_answers(library, library.settings, body.set, options, body.limit)
    )


@router.post("/advice", status_code=202)
def advise(body: AdviceBody, library: Opened) -> JobState:
    """Work out whether reranking is worth it, with which reranker and pool, as a job."""
    wishes = advising.AdviceWishes(
        rerankers=tuple(body.rerankers),
        pools=tuple(body.pools),
        budget_seconds=body.budget_ms / 1000 if body.budget_ms else None,
        percentile=body.percentile,
        per_day=body.per_day,
        machine=body.machine_usd,
    )
    judged = judged_sets.own_questions(library, body.questions, body.limit, body.collection)
    return JobState.of(background.advise(judged, wishes))


@router.get("/ab")
def compared_in_use(library: Opened) -> list[dict[str, Any]]:
    """Show which of two pipelines readers prefer, by what they opened and liked."""
    return interleaving.outside(interleaving.results(library))


@router.get(
    "/metrics",
    response_class=Response,
    openapi_extra=described("Prometheus' text format.", {"text/plain": TEXT}),
)
def metrics(library: Opened) -> Response:
    """Return the figures of questions and stages for Prometheus."""
    return Response(monitoring.metrics(library), media_type=monitoring.TEXT)
