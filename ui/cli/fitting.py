"""`fit`: weights and threshold from judgements, with what they are worth on held-out questions."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from rag.errors import RanklensError
from rag.text.plural import plural
from ui.cli.evaluation import Limit, Lines, Ready, Source, WorkOption, prepared
from ui.cli.options import LibraryOption, RerankerOption, settings_for
from ui.cli.words import duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rag.evaluate.data import Question
    from rag.evaluate.fitting.fit import Fitted, Order, Threshold
    from rag.types import Trace


def fit(
    ctx: typer.Context, source: Source, limit: Limit = None, reranker: RerankerOption = None,
    blend: Annotated[
        bool, typer.Option("--blend", help="Fit the blend too: three searches a question.")
    ] = False,
    work: WorkOption = None, library: LibraryOption = None,
) -> None:  # fmt: skip
    """Fit fusion weights, blend weights, the score threshold and when to refuse.

    Half of the questions choose, the other half says what the choice is worth. Nothing is changed.
    Refusing needs questions of the kind unanswerable.
    """
    settings = settings_for(ctx, library, reranker=reranker)
    with prepared(settings, source, work, limit) as ready:
        _fit(ready, blend)


def _fit(ready: Ready, blend: bool) -> None:
    from rag.evaluate.fitting import fit as fitting
    from rag.evaluate.measures.answers import unanswerable

    questions = [
        q for q in ready.questions if any(g > 0 for g in ready.grades.get(q.id, {}).values())
    ]
    beside = [q for q in ready.questions if unanswerable(q)]
    pipeline, settings = ready.library.pipeline, ready.library.settings
    traces = _traces(ready, [*questions, *beside])
    questions, beside = ([q for q in some if q.id in traces] for some in (questions, beside))
    halves = fitting.split(questions)

    def fitted(name: str, order: Order, grid: list[Mapping[str, float]]) -> None:
        current = {option: getattr(settings, option) for option in grid[0]}
        _show(name, fitting.fit_weights(order, grid, current, ready.grades, halves))

    fitted("fusion", fitting.fusion_order(pipeline, traces, ready.unit), fitting.fusion_grid())
    if blend:
        lines = Lines("blend")
        order = fitting.blend_order(
            pipeline, questions, ready.unit, lambda done: lines.count(done, len(questions))
        )
        fitted("blend", order, fitting.blend_grid())
    if ready.unit == "passage":
        _show_threshold(fitting.fit_threshold(traces, ready.grades, halves))
    if beside:
        _refusal(ready, questions, beside, traces)


def _refusal(
    ready: Ready, questions: list[Question], beside: list[Question], traces: Mapping[str, Trace]
) -> None:
    from rag.evaluate.fitting.refusal import fit_refusal
    from rag.store.analyse import Analyser

    settings = ready.library.settings
    terms = Analyser(settings.language)
    try:
        found = fit_refusal(questions, beside, traces, terms, settings.refuse_below)
    except RanklensError as error:
        print(f"refuse_below: not fitted: {error}")
        return
    print(f"refuse_below = {found.trained.refuse_below:g} (now {settings.refuse_below:g})")
    for name, one in (("chosen", found.trained), ("held out", found.held_out),
                      ("held out, as it is now", found.current)):  # fmt: skip
        print(f"  {name}: answered {one.answered:.3f} of the answerable questions, refused "
              f"{one.refused:.3f} of the unanswerable ones")  # fmt: skip


def _traces(ready: Ready, questions: list[Question]) -> dict[str, Trace]:
    from rag.evaluate.experiments import together

    lines = Lines("questions")
    told = partial(lines.count, total=len(questions))
    failures: dict[str, str] = {}
    found = together.traces(ready.library.pipeline, questions, told, ready.stop, failures)
    for name, reason in failures.items():
        print(f"left out {name}: {reason}", file=sys.stderr)
    times = sum(trace.seconds for trace in found.values()) / len(found)
    print(f"{ready.name}: {plural(len(found), 'question')}, {duration(times)} each")
    return found


def _show(name: str, found: Fitted) -> None:
    best, current = (
        ", ".join(f"{option} = {value:g}" for option, value in weights.items())
        for weights in (found.best, found.current)
    )
    print(f"{name}: {best} (now {current})")
    print(f"  ndcg@10 {found.trained:.4f} on the half that chose them")
    print(f"  on the other half: {found.held_out.verdict}")


def _show_threshold(found: Threshold) -> None:
    from ui.cli.show import table

    print(f"threshold = {found.trained.threshold:.4f}")
    for name, point in (("chosen", found.trained), ("held out", found.held_out)):
        values = f"precision {point.precision:.3f}, recall {point.recall:.3f}, F1 {point.f1:.3f}"
        print(f"  {name}: {values}")
    step = max(1, len(found.curve) // 10)
    rows = [
        (f"{p.threshold:.4f}", f"{p.precision:.3f}", f"{p.recall:.3f}", f"{p.f1:.3f}")
        for p in found.curve[::step]
    ]
    table(("threshold", "precision", "recall", "F1"), rows)
