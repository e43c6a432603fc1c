"""`fit`: weights and threshold from judgements, with what they are worth on held-out questions."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from rag.text.plural import plural
from ui.cli.evaluation import Limit, Lines, Source, WorkOption, prepared
from ui.cli.options import LibraryOption, RerankerOption, settings_for
from ui.cli.show import table
from ui.cli.words import duration

if TYPE_CHECKING:
    from ranklens.fitting import Fit, FittedRefusal, FittedThreshold, FittedWeights


def fit(
    ctx: typer.Context, source: Source, limit: Limit = None, reranker: RerankerOption = None,
    blend: Annotated[
        bool, typer.Option("--blend", help="Fit the blend too: three searches a question.")
    ] = False,
    work: WorkOption = None, library: LibraryOption = None,
) -> None:  # fmt: skip
    """Fit fusion weights, blend weights, the score threshold and when to refuse.

    Half of the questions choose, the other half shows what the choice is worth. Nothing is changed.
    Refusing needs questions of the kind unanswerable.
    """
    from ranklens import fitting

    settings = settings_for(ctx, library, reranker=reranker)
    lines: dict[str, Lines] = {}

    def count(done: int, total: int, unit: str) -> None:
        lines.setdefault(unit, Lines(unit)).count(done, total)

    with prepared(settings, source, work, limit) as (judged, stop):
        _show(fitting.fit(judged, {}, blend=blend, on_progress=count, stop=stop))


def _show(found: Fit) -> None:
    for name, reason in found.failed.items():
        print(f"left out {name}: {reason}", file=sys.stderr)
    print(f"{found.name}: {plural(found.questions, 'question')}, {duration(found.seconds)} each")
    _show_weights("fusion", found.fusion)
    if found.blend:
        _show_weights("blend", found.blend)
    if found.threshold:
        _show_threshold(found.threshold)
    if found.refusal:
        _show_refusal(found.refusal)
    for part, reason in found.why_not.items():
        if reason:
            print(f"{part}: not fitted: {reason}")


def _show_weights(name: str, found: FittedWeights) -> None:
    best, current = (
        ", ".join(f"{option} = {value:g}" for option, value in weights.items())
        for weights in (found.best, found.current)
    )
    print(f"{name}: {best} (now {current})")
    print(f"  ndcg@10 {found.trained:.4f} on the half that chose them")
    print(f"  on the other half: {found.held_out.verdict}")


def _show_threshold(found: FittedThreshold) -> None:
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


def _show_refusal(found: FittedRefusal) -> None:
    print(f"refuse_below = {found.trained.refuse_below:g} (now {found.current.refuse_below:g})")
    for name, one in (("chosen", found.trained), ("held out", found.held_out),
                      ("held out, as it is now", found.current)):  # fmt: skip
        print(f"  {name}: answered {one.answered:.3f} of the answerable questions, refused "
              f"{one.refused:.3f} of the unanswerable ones")  # fmt: skip
