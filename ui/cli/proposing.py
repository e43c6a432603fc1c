"""What a model does for judging: it proposes grades, and writes questions from a document."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from rag.errors import LibraryError
from rag.text.plural import plural
from ui.cli.evaluation import Lines
from ui.cli.options import open_library
from ui.cli.words import clean

if TYPE_CHECKING:
    from rag.evaluate.asking import CallsOutcome
    from rag.evaluate.judgements.question_writer import WrittenQuestion
    from rag.settings import Settings


def propose_grades(
    settings: Settings, name: str, pipelines: Sequence[str], depth: int, limit: int | None
) -> None:
    """Let the model grade the pooled passages of a set's questions; Ctrl-C keeps what is done."""
    from rag.evaluate.experiments.pipelines import resolve
    from rag.evaluate.judgements.proposals import propose, to_grade
    from rag.evaluate.judgements.question_sets import QuestionSets
    from rag.evaluate.judgements.store import Judgements
    from rag.llm.client import configured
    from ui.cli.progress import stop_on_interrupt

    model = configured(settings)
    variants = resolve(settings, pipelines)
    with stop_on_interrupt() as stop, open_library(settings) as library:
        catalogue = library.index.catalogue
        questions, held = QuestionSets(catalogue).questions(name)[:limit], Judgements(catalogue)
        asked = [library.pipeline.with_settings(**options) for options in variants.values()]
        told = _counting("questions")
        items, failed = to_grade(held, asked, questions, depth, model.model, told, stop)
        outcome = propose(model, held, items, _counting("passages"), stop)
        outcome = replace(outcome, failures=(*failed, *outcome.failures))
    _tell(outcome, f"passages graded by {model.model}")


def write_questions(settings: Settings, document: str, name: str, count: int, yes: bool) -> None:
    """Let the model write questions from a document; each is kept where the person says so."""
    from rag.evaluate.data import Question
    from rag.evaluate.judgements import question_writer
    from rag.evaluate.judgements.question_sets import QuestionSets, with_added
    from rag.evaluate.judgements.store import Judgements
    from rag.llm.client import configured
    from ui.cli.progress import stop_on_interrupt

    if not name:
        raise typer.BadParameter("say which set they go into: --set NAME")
    model = configured(settings)
    with open_library(settings) as library:
        held = next((d for d in library.documents() if d.name == document), None)
        if held is None or held.status != "ready":
            raise LibraryError(f"there is no document {document!r} that can be read in the library")
        with stop_on_interrupt() as stop:
            found = question_writer.write_questions(
                model, library.chunks(document), count, _counting("passages"), stop
            )
        kept = [one for one in found.written if yes or _wanted(one)]
        sets = QuestionSets(library.index.catalogue)
        before = sets.questions(name) if name in sets.names() else ()
        new = (Question("", one.question, "written", one.answer) for one in kept)
        every = with_added(before, new)
        if kept:
            sets.put(name, every)
        judged = Judgements(library.index.catalogue)
        judged.add(one.judgement(found.model, held.digest) for one in kept)
    for number, why in (
        (found.unfounded, "their quote is not there"),
        (found.repeated, "repeated"),
    ):
        if number:
            print(f"{number} dropped: {why}", file=sys.stderr)
    print(f"{plural(len(every) - len(before), 'question')} added to the set {clean(name)}")
    _tell(found.outcome, f"passages read by {model.model}")


def _counting(what: str) -> Callable[[int, int], None]:
    lines = Lines(what)
    return lambda done, total: lines.count(done, total) if done else None


def _wanted(one: WrittenQuestion) -> bool:
    return typer.confirm(f"{clean(one.question)}\n  {clean(' '.join(one.quote.split()))}\nKeep it?")


def _tell(outcome: CallsOutcome, what: str) -> None:
    """Say what the calls came to; raises `typer.Exit` where any failed or it was stopped."""
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
