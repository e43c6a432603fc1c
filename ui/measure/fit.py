"""Fitting a pipeline on half of the judged questions, shown on the other half, and kept by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import streamlit as st

from rag.errors import RanklensError
from rag.evaluate.data import Grades
from rag.evaluate.experiments import pipelines, together
from rag.evaluate.experiments.run import Interrupted
from rag.evaluate.fitting import fit
from rag.evaluate.fitting.fit import Fitted, Threshold
from rag.evaluate.fitting.refusal import Refusal, fit_refusal
from rag.evaluate.measures.answers import unanswerable
from rag.pipeline import Pipeline
from rag.rerank.base import Combined
from rag.rerank.table import AUTO, LATE_INTERACTION, resolve
from rag.store.analyse import Analyser
from rag.text.plural import plural
from rag.types import Trace
from ranklens.comparing import pipeline_names
from ranklens.jobs import Job, Work
from ui.measure import fitted
from ui.shared import frame, jobs

if TYPE_CHECKING:
    from ranklens.library import Library

T = TypeVar("T")
KIND = "fit"
STYLE = Path(__file__).with_name("fit.css")
_SAID = "fit_said"


@dataclass(frozen=True, slots=True)
class Found:
    """What was fitted for a set, on a pipeline of these options; ``why`` is why something is not.

    ``why`` has "threshold" and "refusal" as keys. ``failed`` are the questions that could not be
    searched, by id with the reason; they are in no figure.
    """

    name: str
    options: Mapping[str, Any]
    fusion: Fitted
    blend: Fitted | None = None
    threshold: Threshold | None = None
    refusal: Refusal | None = None
    why: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)

    def fitted(self) -> dict[str, dict[str, Any]]:
        """Return part → the options that were chosen for it."""
        parts: dict[str, dict[str, Any]] = {"Fusion weights": dict(self.fusion.best)}
        if self.blend:
            parts["Blend weights"] = dict(self.blend.best)
        if self.threshold:
            parts["Score threshold"] = {"threshold": round(self.threshold.trained.threshold, 4)}
        if self.refusal:
            parts["Refusal"] = {"refuse_below": self.refusal.trained.refuse_below}
        return parts


def show(library: Library, name: str) -> None:
    """Offer to fit, show how far it is, what it found, and keep what is liked."""
    st.html(STYLE)
    st.html(
        '<p class="rl-say">Half of the judged questions, drawn by chance, choose; the other half '
        "says what the choice is worth. Nothing is changed until you keep it.</p>"
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = pipeline_names(library.settings)
        chosen = st.selectbox("Pipeline to fit", names, key="fit_pipeline", width=300)
        options = pipelines.resolve(library.settings, [chosen])[chosen]
        blends = hybrid(library.settings.updated(**options).reranker)
        blend = st.toggle("Blend too", key="fit_blend", disabled=not blends,
                          help="Weights of dense, BM25 and reranker scores in a hybrid reranker; "
                               "three more searches a question")  # fmt: skip
        busy = library.jobs.busy
        if st.button("Fit", icon=":material/tune:", key="fit", disabled=busy):
            work = fitting(library, name, options, blend and blends)
            library.jobs.start(KIND, f"Fitting {chosen} on {name}", work)
            st.rerun()
    job = jobs.follow(library, KIND, "Not fitted")
    if job is not None:
        if failed := job.result.failed:
            asked, first = plural(len(failed), "question"), next(iter(failed.values()))
            frame.notice(f"{asked} could not be asked and took no part ({first})", tone="warn")
        st.html(fitted.fitted(job.result))
        _keeper(library, job.result)


def hybrid(reranker: str) -> bool:
    """Tell whether a reranker blends its score with the retrievers'."""
    ranker = LATE_INTERACTION if reranker == AUTO else resolve(reranker)
    return isinstance(ranker, Combined) and ranker.how == "hybrid"


def fitting(library: Library, name: str, options: Mapping[str, Any], blend: bool) -> Work:
    """Return the work of fitting a pipeline on a question set."""
    questions = library.question_sets.questions(name)
    graded, unit, _ = jobs.graded(library, questions)
    pipeline = library.pipeline.with_settings(**options)

    def work(job: Job) -> Found:
        judged = [q for q in questions if any(g > 0 for g in graded.get(q.id, {}).values())]
        beside = [q for q in questions if unanswerable(q) and q not in judged]
        asked = [*judged, *beside]
        failed: dict[str, str] = {}
        traces = together.traces(pipeline, asked, _counting(job, len(asked)), failures=failed)
        judged, beside = ([q for q in some if q.id in traces] for some in (judged, beside))
        halves = fit.split(judged)
        fusion = fit.fusion_order(pipeline, traces, unit)
        found = Found(name, options, _weights(pipeline, fusion, fit.fusion_grid(), graded, halves))
        found = replace(found, failed=failed)
        if blend:
            order = fit.blend_order(pipeline, judged, unit, _counting(job, len(judged)))
            weights = _weights(pipeline, order, fit.blend_grid(), graded, halves)
            found = replace(found, blend=weights)
        terms = Analyser(pipeline.settings.language)
        now = pipeline.settings.refuse_below
        threshold, no_threshold = _tried(lambda: _threshold(traces, graded, halves, unit))
        refusal, no_refusal = _tried(lambda: fit_refusal(judged, beside, traces, terms, now))
        why = {"threshold": no_threshold, "refusal": no_refusal}
        return replace(found, threshold=threshold, refusal=refusal, why=why)

    return work


def _tried(act: Callable[[], T]) -> tuple[T | None, str]:
    """Return what can be fitted, or why it cannot."""
    try:
        return act(), ""
    except RanklensError as error:
        return None, str(error)


def _threshold(
    traces: Mapping[str, Trace], graded: Grades, halves: tuple[list[str], list[str]], unit: str
) -> Threshold:
    if unit != "passage":
        raise RanklensError("whole documents were judged, and a threshold cuts passages")
    return fit.fit_threshold(traces, graded, halves)


def _counting(job: Job, total: int) -> Callable[[int], None]:
    def told(done: int) -> None:
        job.advance(done, total)
        if job.stop.is_set():
            raise Interrupted(f"stopped after {done} of {total} questions")

    return told


def _weights(
    pipeline: Pipeline, order: fit.Order, grid: list[fit.Weights],
    graded: Grades, halves: tuple[list[str], list[str]],
) -> Fitted:  # fmt: skip
    current = {option: getattr(pipeline.settings, option) for option in grid[0]}
    return fit.fit_weights(order, grid, current, graded, halves)


def _keeper(library: Library, found: Found) -> None:
    """Keep the chosen parts as a named pipeline, or show the lines for ranklens.toml."""
    parts = found.fitted()
    st.html('<h3 class="rl-label">Use these</h3>')
    chosen = st.pills("What to keep", list(parts), selection_mode="multi",
                      default=[next(iter(parts))], key="fit_parts")  # fmt: skip
    options = {name: value for part in chosen for name, value in parts[part].items()}
    if (
        len(chosen) > 1
        and "Score threshold" in chosen
        and {"Fusion weights", "Blend weights"} & {*chosen}
    ):
        frame.notice(
            "The threshold was fitted on the scores of the present weights. Keep the weights "
            "first, choose that pipeline above and fit again: its threshold belongs to it.",
            tone="warn",
        )
    if not options:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name of the pipeline", "fitted", key="fit_name", width=300)
        if st.button("Keep as a pipeline", icon=":material/check:", key="fit_keep"):
            st.session_state[_SAID] = kept(library, name, {**found.options, **options})
    if said := st.session_state.pop(_SAID, ()):
        frame.notice(*said)
    st.html('<p class="rl-say">Or put these lines into ranklens.toml, for every question:</p>')
    st.code(toml(options), language="toml")


def kept(library: Library, name: str, options: Mapping[str, Any]) -> tuple[Any, ...]:
    """Keep options under a name; returns the notice that says so, or what is wrong."""
    try:
        pipelines.save(library.settings, name.strip(), options)
    except RanklensError as error:
        return str(error), "Nothing was kept", "bad"
    return f"{name.strip()} can be chosen wherever pipelines are.", "Kept"


def toml(options: Mapping[str, Any]) -> str:
    """Return options as lines of ranklens.toml."""
    return "\n".join(f"{name} = {value:g}" for name, value in options.items())
