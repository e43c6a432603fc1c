"""Run pipelines over judged questions; the engine is the app's own `Pipeline`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rag.errors import RanklensError, SettingsError
from rag.evaluate.data import Evaluation, Grades, Passage, Question, Ranking, Result, Run, Unit
from rag.pipeline import Pipeline
from rag.types import Stage, Trace

SHOWN = 5  # items a stage whose passages are kept for the report
EXCERPT = 400  # characters of a passage that are kept
RETRIEVAL = ("pool", "fusion", "rrf_k", "dense_weight", "lexical_weight", "lexical_engine")

OnProgress = Callable[[int, int], None]
Variants = Mapping[str, Mapping[str, Any]]
"""Pipeline's name → the settings in which it differs from the current ones."""


class Interrupted(RanklensError):
    """The evaluation was asked to stop before it was done."""


@dataclass(slots=True)
class _Sheet:
    """What one pipeline has done so far."""

    pipeline: Pipeline
    results: list[Result] = field(default_factory=list)
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
    notes: Sequence[str] = (),
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> Evaluation:
    """Ask every question that has a relevant item of every pipeline, and keep the rankings.

    ``frozen`` gives all pipelines the first one's retrieval settings, so that they rerank one
    candidate pool. Pipelines take turns question by question, so that a busy moment slows all of
    them. ``on_progress`` gets (questions done, questions in all). Raises `SettingsError` where a
    pipeline's settings are wrong and `Interrupted` where ``stop`` was set.
    """
    judged = tuple(q for q in questions if any(g > 0 for g in grades.get(q.id, {}).values()))
    if not judged:
        raise RanklensError(f"{name}: no question has a relevant judgement, so nothing is measured")
    sheets = _sheets(pipeline, variants, frozen)
    passages: dict[str, Passage] = {}
    _warm_up(sheets, judged[0])
    for done, question in enumerate(judged):
        if stop is not None and stop.is_set():
            raise Interrupted(f"stopped after {done} of {len(judged)} questions")
        for sheet in sheets.values():
            _ask(sheet, question, unit, passages)
        if on_progress:
            on_progress(done + 1, len(judged))
    left_out = len(questions) - len(judged)
    said = [f"{left_out} questions without a relevant judgement were left out"] if left_out else []
    return Evaluation(
        name=name,
        unit=unit,
        questions=judged,
        grades={q.id: dict(grades[q.id]) for q in judged},
        runs=tuple(
            Run(n, s.settings, s.digest, tuple(s.results), s.failures) for n, s in sheets.items()
        ),
        passages=passages,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        notes=(*notes, *said),
    )


def ranking(stage: Stage, unit: Unit) -> Ranking:
    """Return a stage as items, each at the place of its best chunk."""
    firsts: dict[str, tuple[float, str]] = {}
    for hit in stage.hits:
        item = hit.chunk.document if unit == "document" else hit.chunk.id
        firsts.setdefault(item, (hit.score, hit.chunk.id))
    return Ranking(
        stage=stage.name,
        items=tuple(firsts),
        scores=tuple(score for score, _ in firsts.values()),
        chunks=tuple(chunk for _, chunk in list(firsts.values())[:SHOWN]),
        seconds=stage.seconds,
        fell_back=stage.fell_back,
        note=stage.note if stage.fell_back else "",
    )


def _sheets(pipeline: Pipeline, variants: Variants, frozen: bool) -> dict[str, _Sheet]:
    if not variants:
        raise SettingsError("there is no pipeline to evaluate")
    made = {n: pipeline.with_settings(**changes) for n, changes in variants.items()}
    if frozen:
        first = next(iter(made.values())).settings
        pool = {option: getattr(first, option) for option in RETRIEVAL}
        made = {n: one.with_settings(**pool) for n, one in made.items()}
    return {n: _Sheet(one) for n, one in made.items()}


def _warm_up(sheets: Mapping[str, _Sheet], question: Question) -> None:
    """Load every model first: its seconds belong to no question."""
    for sheet in sheets.values():
        try:
            sheet.pipeline.search(question.text)
        except SettingsError:
            raise
        except RanklensError:
            continue  # the question proper records the failure


def _ask(sheet: _Sheet, question: Question, unit: Unit, passages: dict[str, Passage]) -> None:
    try:
        trace = sheet.pipeline.search(question.text)
    except SettingsError:
        raise
    except RanklensError as error:
        sheet.failures[question.id] = str(error)
        return
    sheet.settings, sheet.digest = trace.settings, trace.settings_digest
    rankings = tuple(ranking(stage, unit) for stage in trace.stages)
    sheet.results.append(Result(question.id, rankings, trace.seconds))
    _keep(trace, rankings, passages)


def _keep(trace: Trace, rankings: Sequence[Ranking], passages: dict[str, Passage]) -> None:
    wanted = {chunk for one in rankings for chunk in one.chunks} - passages.keys()
    for stage in trace.stages:
        for hit in stage.hits:
            if hit.chunk.id in wanted:
                passages[hit.chunk.id] = Passage(
                    hit.chunk.document, hit.chunk.page, hit.chunk.text[:EXCERPT]
                )
