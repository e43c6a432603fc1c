"""Run pipelines over judged questions; the engine is the app's own `Pipeline`."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rag.errors import RanklensError, SettingsError
from rag.evaluate.data import (
    Answered,
    Evaluation,
    Grades,
    Passage,
    Question,
    Result,
    Run,
    Unit,
)
from rag.evaluate.experiments.side_by_side import (
    Interrupted,
    OnProgress,
    Side,
    Variants,
    ask,
    hops_left_out,
    pipelines,
    ranking,
)
from rag.evaluate.measures.answers import answered, unanswerable
from rag.pipeline import Pipeline
from rag.text.plural import plural

__all__ = ["Interrupted", "OnProgress", "Variants", "evaluate"]

SHOWN = 5  # items a stage whose passages are kept for the report
EXCERPT = 400  # characters of a passage that are kept


@dataclass(slots=True)
class _Sheet:
    """What one pipeline has done so far."""

    pipeline: Pipeline
    results: list[Result] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)
    cached: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""


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
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> Evaluation:
    """Ask every question that has a relevant item of every pipeline, and keep the rankings.

    ``frozen`` retrieves each question once, by the first pipeline's settings, and all pipelines
    rerank that one pool. ``answers`` has every question answered too, and those that the set marks
    as unanswerable. Pipelines take turns question by question, so that a busy moment slows all of
    them. ``on_progress`` gets (questions done, questions in all). Raises `SettingsError` where a
    pipeline's settings are wrong and `Interrupted` where ``stop`` was set.
    """
    judged = tuple(q for q in questions if any(g > 0 for g in grades.get(q.id, {}).values()))
    if not judged:
        raise RanklensError(f"{name}: no question has a relevant judgement, so nothing is measured")
    without = tuple(q for q in questions if answers and unanswerable(q) and q not in judged)
    no_hop = hops_left_out(pipeline, variants, frozen)
    made = pipelines(pipeline, variants, frozen)
    sheets = {n: _Sheet(one) for n, one in made.items()}
    passages: dict[str, Passage] = {}
    _warm_up(sheets, judged[0])
    everything = (*judged, *without)
    for done, question in enumerate(everything):
        if stop is not None and stop.is_set():
            raise Interrupted(f"stopped after {done} of {len(everything)} questions")
        for side in ask(made, question.text, frozen):
            sheet = sheets[side.name]
            if done < len(judged):
                _keep(sheet, question, side, unit, passages)
            if answers and side.trace is not None:
                sheet.answers.append(answered(sheet.pipeline, side.trace, question.id, unit))
        if on_progress:
            on_progress(done + 1, len(everything))
    left_out = len(questions) - len(everything)
    remarks = []
    if left_out:
        lacking = "without a relevant judgement"
        remarks.append(
            f"{plural(left_out, f'question {lacking} was', f'questions {lacking} were')} left out"
        )
    remarks += filter(None, (no_hop, *_cached(sheets)))
    return Evaluation(
        name=name,
        unit=unit,
        questions=judged,
        grades={q.id: dict(grades[q.id]) for q in judged},
        runs=tuple(
            Run(n, s.settings, s.digest, tuple(s.results), s.failures, tuple(s.answers))
            for n, s in sheets.items()
        ),
        passages=passages,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        notes=(*notes, *remarks),
        unanswerable=without,
    )


def _warm_up(sheets: Mapping[str, _Sheet], question: Question) -> None:
    """Load every model first: its seconds belong to no question.

    With words of its own, so that no score of a question that is measured is in the cache.
    """
    for sheet in sheets.values():
        try:
            sheet.pipeline.search(f"Warm up: {question.text}")
        except SettingsError:
            raise
        except RanklensError:
            continue  # the question proper records the failure


def _keep(
    sheet: _Sheet, question: Question, side: Side, unit: Unit, passages: dict[str, Passage]
) -> None:
    trace = side.trace
    if trace is None:
        sheet.failures[question.id] = side.problem
        return
    sheet.settings, sheet.digest = trace.settings, trace.settings_digest
    sheet.cached += any(stage.details.get("cache_hits") for stage in trace.stages)
    rankings = tuple(ranking(stage, unit, SHOWN) for stage in trace.stages)
    sheet.results.append(Result(question.id, rankings, trace.seconds, side.cost))
    wanted = {chunk for one in rankings for chunk in one.chunks} - passages.keys()
    for stage in trace.stages:
        for hit in stage.hits:
            if hit.chunk.id in wanted:
                passages[hit.chunk.id] = Passage(
                    hit.chunk.document, hit.chunk.page, hit.chunk.text[:EXCERPT]
                )


def _cached(sheets: Mapping[str, _Sheet]) -> Iterator[str]:
    """Say whose scores were at hand already: they took no time and cost nothing."""
    for name, sheet in sheets.items():
        if sheet.cached:
            yield (
                f"{name}: scores of {plural(sheet.cached, 'question')} came from the cache; "
                "without it (rerank_cache_mb = 0) it takes longer, and may cost more"
            )
