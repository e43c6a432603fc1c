"""Run pipelines over judged questions; the engine is the app's own `Pipeline`."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rag.errors import RanklensError, SettingsError
from rag.evaluate.data import (
    Answered,
    Evaluation,
    Grades,
    ModelGrades,
    Passage,
    Question,
    Result,
    Run,
    Unit,
    item,
    ranking,
)
from rag.evaluate.experiments.pipelines import Variants
from rag.evaluate.experiments.side_by_side import (
    PipelineOutcome,
    pipelines,
    search_each,
    with_answer,
)
from rag.evaluate.measures.answers import unanswerable
from rag.evaluate.progress import OnProgress, advance
from rag.llm.prices import spent
from rag.pipeline import Pipeline
from rag.text.plural import plural
from rag.types import StageName, Trace

SHOWN = 5  # items a stage whose passages are kept for the report
DEPTH = 50  # items that are kept of a question that only a model graded
EXCERPT = 400  # characters of a passage that are kept


@dataclass(slots=True)
class _Sheet:
    """What one pipeline has done so far."""

    pipeline: Pipeline
    results: list[Result] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)
    further: dict[str, tuple[str, ...]] = field(default_factory=dict)
    cached: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""
    reranker: str = ""


def evaluate(
    name: str,
    pipeline: Pipeline,
    variants: Variants,
    questions: Sequence[Question],
    grades: Grades,
    unit: Unit = "passage",
    *,
    frozen: bool = False,
    answers: bool = False,
    notes: Sequence[str] = (),
    by_model: ModelGrades | None = None,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> Evaluation:
    """Ask every question that has a relevant item of every pipeline, and keep the rankings.

    ``frozen`` retrieves each question once, by the first pipeline's settings, and all pipelines
    rerank that one pool. ``answers`` has every question answered too, and those that the set marks
    as unanswerable. Those of ``by_model`` are ranked too, for its figures alone. Pipelines take
    turns question by question, so that a busy moment slows all of them. Raises `SettingsError` if a
    pipeline's settings are wrong and `Interrupted` if ``stop`` is set.
    """
    judged = tuple(q for q in questions if any(g > 0 for g in grades.get(q.id, {}).values()))
    if not judged:
        raise RanklensError(f"{name}: no question has a relevant judgement, so nothing is measured")
    without = tuple(q for q in questions if answers and unanswerable(q) and q not in judged)
    made, no_hop = pipelines(pipeline, variants, frozen)
    sheets = {n: _Sheet(one) for n, one in made.items()}
    passages: dict[str, Passage] = {}
    for one in made.values():
        warm_up(one, judged[0].text)
    asked = dict.fromkeys((*judged, *without, *(by_model.questions if by_model else ())))
    measured = len(judged) + len(without)
    for done, question in enumerate(asked, 1):
        for outcome in search_each(made, question.text, frozen):
            sheet = sheets[outcome.name]
            if done <= len(judged):
                _keep(sheet, question, outcome, unit, passages)
            elif by_model and question in by_model.questions:
                _keep_further(sheet, question, outcome, unit)
            if answers and done <= measured and outcome.trace is not None:
                sheet.answers.append(_answered(sheet.pipeline, outcome.trace, question.id, unit))
        advance(done, len(asked), "questions", on_progress, stop)
    left_out = len(questions) - measured
    lacking = "without a relevant judgement"
    left = plural(left_out, f"question {lacking} was", f"questions {lacking} were") + " left out"
    cached = [
        f"{n}: scores of {plural(sheet.cached, 'question')} came from the cache; without it "
        "(rerank_cache_mb = 0) it takes longer, and may cost more"
        for n, sheet in sheets.items()
        if sheet.cached
    ]
    return Evaluation(
        name=name,
        unit=unit,
        questions=judged,
        grades={q.id: dict(grades[q.id]) for q in judged},
        runs=tuple(
            Run(
                n,
                s.settings,
                s.digest,
                tuple(s.results),
                s.failures,
                tuple(s.answers),
                s.reranker,
                s.further,
            )
            for n, s in sheets.items()
        ),
        passages=passages,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        notes=(*notes, *filter(None, (left if left_out else "", no_hop, *cached))),
        unanswerable=without,
        by_model=by_model,
    )


def warm_up(pipeline: Pipeline, question: str) -> None:
    """Load every model first: its seconds belong to no question. Raises `SettingsError`.

    With words of its own, so that no score of a question that is measured is in the cache.
    """
    try:
        pipeline.search(f"Warm up: {question}")
    except SettingsError:
        raise
    except RanklensError:
        return  # the question proper records the failure


def _keep(
    sheet: _Sheet, question: Question, outcome: PipelineOutcome, unit: Unit,
    passages: dict[str, Passage],
) -> None:  # fmt: skip
    trace = outcome.trace
    if trace is None:
        sheet.failures[question.id] = outcome.problem
        return
    sheet.settings, sheet.digest = trace.settings, trace.settings_digest
    sheet.reranker = sheet.reranker or _reranker(trace)
    sheet.cached += any(stage.details.get("cache_hits") for stage in trace.stages)
    rankings = tuple(ranking(stage, unit, SHOWN) for stage in trace.stages)
    sheet.results.append(Result(question.id, rankings, trace.seconds, outcome.cost))
    wanted = {chunk for one in rankings for chunk in one.chunks} - passages.keys()
    for stage in trace.stages:
        for hit in stage.hits:
            if (chunk := hit.chunk).id in wanted:
                passages[chunk.id] = Passage(chunk.document, chunk.page, chunk.text[:EXCERPT])


def _keep_further(sheet: _Sheet, question: Question, outcome: PipelineOutcome, unit: Unit) -> None:
    """Keep the last ranking of a question that only a model graded, if there is a whole one."""
    if outcome.trace is not None and not outcome.trace.stages[-1].fell_back:
        sheet.further[question.id] = ranking(outcome.trace.stages[-1], unit).items[:DEPTH]


def _reranker(trace: Trace) -> str:
    """Return what reranked, nothing if it fell back."""
    stage = trace.stage(StageName.RERANKED)
    return stage.reranker if stage and not stage.fell_back else ""


def _answered(pipeline: Pipeline, trace: Trace, question: str, unit: Unit) -> Answered:
    """Have a trace's question answered, and keep what is measured of the answer."""
    trace = with_answer(pipeline, trace)
    answer = trace.answer
    assert answer is not None  # noqa: S101 - `with_answer` sets it
    names = {hit.chunk.id: item(hit, unit) for hit in trace.given}
    return Answered(
        question=question,
        given=tuple(dict.fromkeys(names.values())),
        cited=tuple(dict.fromkeys(names.get(c.chunk_id, c.chunk_id) for c in answer.citations)),
        refused=answer.refused,
        seconds=answer.seconds,
        cost=spent([answer.details]),
        error=answer.error,
    )
