"""What a model does for judging: it proposes grades, and writes questions from a document."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from rag.text.plural import plural
from ui.cli.options import open_library
from ui.cli.words import clean

if TYPE_CHECKING:
    from rag.settings import Settings
    from ranklens.judging import CallsOutcome
    from ranklens.question_sets import WrittenQuestion


def propose_grades(
    settings: Settings, name: str, pipelines: Sequence[str], depth: int, limit: int | None
) -> None:
    """Let the model grade the pooled passages of a set's questions; Ctrl-C keeps what is done."""
    from ranklens import judging
    from ranklens.comparing import resolve
    from ui.cli.progress import CountingBar, stop_on_interrupt

    judging.check_model(settings)
    variants = resolve(settings, pipelines, owner=True)
    with stop_on_interrupt() as stop, open_library(settings) as library, CountingBar() as bar:
        questions = library.question_sets.questions(name)[:limit]
        outcome = judging.propose_grades(
            library, settings, variants, questions, depth, bar, stop,
            library.question_sets.collection_of(name),
        )  # fmt: skip
    _report(outcome, f"passages graded by {settings.llm_model}")


def write_questions(
    settings: Settings, document: str, name: str, count: int, yes: bool, collection: str = ""
) -> None:
    """Let the model write questions from a document; each is kept if the person agrees."""
    from ranklens import question_sets
    from ui.cli.progress import CountingBar, stop_on_interrupt

    if not name:
        raise typer.BadParameter("name the set that they go into: --set NAME")
    with open_library(settings) as library:
        with stop_on_interrupt() as stop, CountingBar() as bar:
            drafts = question_sets.write_questions(
                library, settings, document, count,
                lambda done, total: bar(done, total, "passages"), stop,
            )  # fmt: skip
        kept = [draft for draft in drafts.written if yes or _wanted(draft)]
        added = 0
        if kept:
            added = question_sets.keep_drafts(library, name, drafts, kept, collection)[1]
    for number, why in (
        (drafts.unfounded, "their quote is not there"),
        (drafts.repeated, "repeated"),
    ):
        if number:
            print(f"{number} dropped: {why}", file=sys.stderr)
    print(f"{plural(added, 'question')} added to the set {clean(name)}")
    _report(drafts.outcome, f"passages read by {drafts.model}")


def _wanted(draft: WrittenQuestion) -> bool:
    return typer.confirm(
        f"{clean(draft.question)}\n  {clean(' '.join(draft.quote.split()))}\nKeep it?"
    )


def _report(outcome: CallsOutcome, what: str) -> None:
    """Print what the calls came to; raises `typer.Exit` if any failed or it was stopped."""
    used = ", ".join(
        f"{name.replace('_', ' ')} {value:.4f}" if isinstance(value, float) else
        f"{name.replace('_', ' ')} {value}" for name, value in outcome.used.items()
    )  # fmt: skip
    print(f"{outcome.made} of {outcome.total} {clean(what)} ({used})")
    for failure in outcome.failures:
        print(f"failed: {clean(failure)}", file=sys.stderr)
    if outcome.stopped:
        print("Stopped; what was done is kept, the same command goes on", file=sys.stderr)
        raise typer.Exit(130)
    if outcome.failures:
        raise typer.Exit(1)
