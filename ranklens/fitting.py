"""Fitting: weights, the score threshold and when to refuse, from judgements.

Half of the judged questions, drawn by chance, choose; the other half shows what the choice is
worth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Any, TypeVar

from rag.errors import RanklensError
from rag.evaluate.experiments import batch
from rag.evaluate.fitting import fit as fitting
from rag.evaluate.fitting.fit import FittedThreshold, FittedWeights
from rag.evaluate.fitting.refusal import FittedRefusal, fit_refusal
from rag.evaluate.progress import advance
from rag.evaluate.reports import fitted
from rag.evaluate.reports.fitted import FittedPart
from rag.rerank.base import Combined
from rag.rerank.table import LATE_INTERACTION, resolve
from rag.settings import Settings
from rag.types import Trace
from ranklens.comparing import keep_pipeline
from ranklens.models import AUTO

if TYPE_CHECKING:
    from rag.pipeline import Pipeline
    from ranklens.judged_sets import JudgedSet
    from ranklens.library import Library

__all__ = ["FittedRefusal", "FittedThreshold", "FittedWeights"]

T = TypeVar("T")
OnProgress = Callable[[int, int, str], None]
"""Called with (done, total, what is counted)."""
FUSION, BLEND, THRESHOLD, REFUSAL = (
    "Fusion weights", "Blend weights", "Score threshold", "Refusal"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fit:
    """What was fitted on a question set, for a pipeline with these ``options``.

    ``why_not`` is part → reason, for what could not be fitted. ``failed`` is question id → reason,
    for questions that could not be searched; they are in no figure. ``seconds`` is the mean time
    of a search.
    """

    name: str
    options: Mapping[str, Any]
    fusion: FittedWeights
    questions: int
    seconds: float
    blend: FittedWeights | None = None
    threshold: FittedThreshold | None = None
    refusal: FittedRefusal | None = None
    why_not: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)

    def parts(self) -> dict[str, dict[str, Any]]:
        """Return part → the options that were chosen for it."""
        parts: dict[str, dict[str, Any]] = {FUSION: dict(self.fusion.best)}
        if self.blend:
            parts[BLEND] = dict(self.blend.best)
        if self.threshold:
            parts[THRESHOLD] = {"threshold": round(self.threshold.trained.threshold, 4)}
        if self.refusal:
            parts[REFUSAL] = {"refuse_below": self.refusal.trained.refuse_below}
        return parts

    def summary(self) -> list[FittedPart]:
        """Describe every part in words; one that could not be fitted has the reason."""
        shown = [fitted.weights(FUSION, self.fusion)]
        if self.blend:
            shown.append(fitted.weights(f"{BLEND} of the hybrid reranker", self.blend))
        if self.threshold:
            shown.append(fitted.threshold(self.threshold))
        if self.refusal:
            shown.append(fitted.refusal(self.refusal))
        missing = {part: reason for part, reason in self.why_not.items() if reason}
        return shown + [FittedPart(part, "", reason) for part, reason in missing.items()]


def fit(
    judged: JudgedSet,
    options: Mapping[str, Any],
    *,
    blend: bool = False,
    on_progress: OnProgress | None = None,
    stop: Event | None = None,
) -> Fit:
    """Fit a pipeline on judged questions; nothing is changed until `keep`.

    ``options`` are the settings in which the pipeline differs from the library's. ``blend`` fits a
    hybrid reranker's weights too, with three more searches a question. Refusing needs questions of
    the kind ``unanswerable``. Raises `RanklensError` if there are too few judged questions, and
    `Interrupted` once ``stop`` is set.
    """
    pipeline = judged.pipeline.with_settings(**options)
    settings = pipeline.settings
    questions = [*judged.judged, *judged.unanswerable]
    failed: dict[str, str] = {}
    traces = batch.search_all(
        pipeline, questions, _counter("questions", len(questions), on_progress, stop), failed
    )
    answerable, unanswerable = (
        [q for q in some if q.id in traces] for some in (judged.judged, judged.unanswerable)
    )
    halves = fitting.split(answerable)
    order = fitting.fusion_order(pipeline, traces, judged.unit)
    fusion = _weights(pipeline, order, fitting.fusion_grid(), judged, halves)
    blended = None
    if blend:
        count = _counter("questions for the blend", len(answerable), on_progress, stop)
        order = fitting.blend_order(pipeline, answerable, judged.unit, count)
        blended = _weights(pipeline, order, fitting.blend_grid(), judged, halves)
    threshold, no_threshold = _tried(lambda: _threshold(judged, traces, halves))
    terms = judged.library.index.analyser_of(languages=judged.languages)
    refusal, no_refusal = _tried(
        lambda: fit_refusal(answerable, unanswerable, traces, terms, settings.refuse_below)
    )
    return Fit(
        judged.name,
        options,
        fusion,
        questions=len(traces),
        seconds=sum(trace.seconds for trace in traces.values()) / len(traces),
        blend=blended,
        threshold=threshold,
        refusal=refusal,
        why_not={THRESHOLD: no_threshold, REFUSAL: no_refusal},
        failed=failed,
    )


def can_blend(settings: Settings) -> bool:
    """Whether the settings' reranker blends its score with the retrievers'."""
    ranker = LATE_INTERACTION if settings.reranker == AUTO else resolve(settings.reranker)
    return isinstance(ranker, Combined) and ranker.how == "hybrid"


def keep(library: Library, name: str, fitted: Fit, options: Mapping[str, Any]) -> None:
    """Keep chosen options, beside those that were fitted on, as a named pipeline.

    Raises `SettingsError` if the name or an option is wrong.
    """
    keep_pipeline(library, name, {**fitted.options, **options})


def as_toml(options: Mapping[str, Any]) -> str:
    """Return options as lines of ranklens.toml."""
    return "\n".join(f"{name} = {value:g}" for name, value in options.items())


def _threshold(
    judged: JudgedSet, traces: Mapping[str, Trace], halves: tuple[list[str], list[str]]
) -> FittedThreshold:
    if judged.unit != "passage":
        raise RanklensError("whole documents were judged, and a threshold cuts passages")
    return fitting.fit_threshold(traces, judged.grades, halves)


def _weights(
    pipeline: Pipeline, order: fitting.Order, grid: list[fitting.Weights],
    judged: JudgedSet, halves: tuple[list[str], list[str]],
) -> FittedWeights:  # fmt: skip
    current = {option: getattr(pipeline.settings, option) for option in grid[0]}
    return fitting.fit_weights(order, grid, current, judged.grades, halves)


def _tried(act: Callable[[], T]) -> tuple[T | None, str]:
    """Return what can be fitted, or why it cannot."""
    try:
        return act(), ""
    except RanklensError as error:
        return None, str(error)


def _counter(
    unit: str, total: int, on_progress: OnProgress | None, stop: Event | None
) -> Callable[[int], None]:
    shown = (lambda done, total: on_progress(done, total, unit)) if on_progress else None
    return lambda done: advance(done, total, "questions", shown, stop)
