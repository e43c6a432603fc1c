"""Fitting fusion weights and the score threshold on half of the questions, shown on the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from rag.evaluate import fit
from rag.evaluate.fit import Fitted, PrecisionRecall, Threshold
from rag.evaluate.questions import QuestionSets
from rag.evaluate.run import Interrupted
from rag.types import Trace
from ui.components import measure_run
from ui.components.frame import escape
from ui.components.passages import table

if TYPE_CHECKING:
    from ingest.library import Library

KIND = "fit"
POINTS = 12


@dataclass(frozen=True, slots=True)
class Found:
    """What was fitted for a set; ``threshold`` is None where ``why`` says why there is none."""

    name: str
    fusion: Fitted
    threshold: Threshold | None
    why: str = ""


def show(library: Library, name: str) -> None:
    """Offer to fit, show how far it is, and what it found."""
    st.html(
        '<p class="rl-say">Half of the judged questions, drawn by chance, choose; the other half '
        "says what the choice is worth. Nothing is changed: put what you like into your settings."
        "</p>"
    )
    busy = any(job.running for job in measure_run.of(library).values())
    if st.button("Fit", icon=":material/tune:", key="fit", disabled=busy):
        measure_run.begin(library, KIND, f"Fitting on {name}", fitting(library, name))
        st.rerun()
    job = measure_run.follow(library, KIND)
    if job is not None:
        st.html(told(job.result))


def fitting(library: Library, name: str) -> measure_run.Work:
    """Return the work of fitting on a question set."""
    questions = QuestionSets(library.index.catalogue).questions(name)
    graded, unit, _ = measure_run.graded(library, questions)

    def work(job: measure_run.Job) -> Found:
        judged = [q for q in questions if any(g > 0 for g in graded.get(q.id, {}).values())]
        halves = fit.split(judged)
        traces: dict[str, Trace] = {}
        for question in judged:
            if job.stop.is_set():
                raise Interrupted(f"stopped after {len(traces)} of {len(judged)} questions")
            traces[question.id] = library.pipeline.search(question.text)
            job.told(len(traces), len(judged))
        order = fit.fusion_order(library.pipeline, traces, unit)
        grid = fit.fusion_grid()
        current = {option: getattr(library.settings, option) for option in grid[0]}
        fusion = fit.fit_weights(order, grid, current, graded, halves)
        threshold, why = _threshold(traces, graded, halves, unit)
        return Found(name, fusion, threshold, why)

    return work


def _threshold(
    traces: Mapping[str, Trace],
    graded: Mapping[str, Mapping[str, int]],
    halves: tuple[list[str], list[str]],
    unit: str,
) -> tuple[Threshold | None, str]:
    if unit != "passage":
        return None, "Whole documents were judged, and a threshold cuts passages."
    try:
        return fit.fit_threshold(traces, graded, halves), ""
    except RanklensError as error:
        return None, str(error)


def told(found: Found) -> str:
    """Return what was fitted as HTML."""
    best, current = (
        ", ".join(f"{option} {value:g}" for option, value in weights.items())
        for weights in (found.fusion.best, found.fusion.current)
    )
    said = (
        f'<h3 class="rl-label">Fusion weights, on {escape(found.name)}</h3>'
        f'<div class="rl-verdict"><b>{escape(best)}</b><span>now {escape(current)}. nDCG@10 '
        f"{found.fusion.trained:.3f} on the half that chose; held out against the present weights: "
        f"{escape(found.fusion.held_out.verdict)}.</span></div>"
    )
    if found.threshold is None:
        return f'{said}<p class="rl-say after">No threshold: {escape(found.why)}</p>'
    return said + _told_threshold(found.threshold)


def _told_threshold(found: Threshold) -> str:
    head = "<th></th>" + "".join(
        f'<th class="right">{name}</th>' for name in ("Threshold", "Precision", "Recall", "F1")
    )
    step = max(1, len(found.curve) // POINTS)
    rows = [_point("chosen", found.trained), _point("held out", found.held_out)]
    rows += [_point("on the curve", point) for point in found.curve[::step]]
    return (
        '<h3 class="rl-label">Score threshold of the last stage</h3>'
        f'<div class="rl-verdict"><b>{found.trained.threshold:.4f}</b><span>held out: precision '
        f"{found.held_out.precision:.3f}, recall {found.held_out.recall:.3f}</span></div>"
        f"{_curve(found)}{table(head, rows)}"
    )


def _curve(found: Threshold) -> str:
    """Return the precision-recall curve: a dot a threshold, the chosen one filled."""
    dots = "".join(
        f'<span class="dot {"front" if point == found.trained else ""}" '
        f'style="--x:{100 * point.recall:.1f}%;--y:{100 * point.precision:.1f}%" '
        f'title="{point.threshold:.4f}"></span>'
        for point in found.curve
    )
    ticks = "".join(
        f'<span class="tick x" style="--x:{at}%">{at / 100:.2f}</span>'
        f'<span class="tick y" style="--y:{at}%">{at / 100:.2f}</span>'
        for at in (0, 50, 100)
    )
    return (
        '<div class="rl-plot small" role="img" aria-label="Precision against recall">'
        f'{dots}{ticks}<span class="axis">recall; upwards: precision</span></div>'
    )


def _point(name: str, point: PrecisionRecall) -> str:
    values = (f"{point.threshold:.4f}", *(f"{v:.3f}" for v in (point.precision, point.recall)))
    cells = "".join(f'<td class="num">{value}</td>' for value in (*values, f"{point.f1:.3f}"))
    return f"<tr><td>{name}</td>{cells}</tr>"
