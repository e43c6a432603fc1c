"""Judging: grades of passages, what is judged next, a model's proposals, judgements as files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from ingest.datasets.anchored import texts
from rag.errors import NotThere, RanklensError
from rag.evaluate.asking import CallsOutcome
from rag.evaluate.data import Question
from rag.evaluate.experiments.pipelines import Variants
from rag.evaluate.judgements import files
from rag.evaluate.judgements.agreement import Agreement, PairAgreement, agreement
from rag.evaluate.judgements.disagreements import Disagreement, disagreements
from rag.evaluate.judgements.pooling import pooled
from rag.evaluate.judgements.progress import JudgeProgress, progress
from rag.evaluate.judgements.proposals import propose, to_grade
from rag.evaluate.judgements.question_sets import Guidelines
from rag.evaluate.judgements.record import PEOPLE, SOURCES, Judgement, Source, same_words
from rag.evaluate.lines import read_lines
from rag.llm.client import configured
from rag.settings import Settings
from rag.types import Chunk

if TYPE_CHECKING:
    from ranklens.library import Library

__all__ = [
    "Agreement",
    "CallsOutcome",
    "Disagreement",
    "Guidelines",
    "JudgeProgress",
    "Judgement",
    "PairAgreement",
    "Question",
    "Source",
]

NOBODY = "me"
DISLIKED_SET = "Answers that did not help"
OnProgress = Callable[[int, int, str], None]
"""Called with (done, total, what is counted)."""


@dataclass(frozen=True, slots=True)
class TypedGrade:
    """A grade as it was typed; None takes the judge's grade of exactly this passage back."""

    question: str
    passage: Chunk
    grade: int | None
    judge: str
    note: str = ""


def by_judge(judgements: Iterable[Judgement], judge: str) -> Judgement | None:
    """Return a person's judgement among those of a passage: the last one made."""
    own = [one for one in judgements if one.judge == judge and one.source == "person"]
    return own[-1] if own else None


def counting(judgements: Sequence[Judgement], judge: str) -> Judgement | None:
    """Return the judgement whose grade stands for a passage: the judge's, else another person's."""
    people = [one for one in judgements if one.source in PEOPLE]
    return by_judge(people, judge) or (people[-1] if people else None)


def keep_typed(library: Library, typed: Iterable[TypedGrade]) -> list[str]:
    """Keep grades in the order in which they were typed; returns in words why some failed.

    Keeping one again changes nothing, so what is sent twice does no harm.
    """
    problems = []
    for one in typed:
        try:
            if one.grade is None:
                withdraw(library, one.question, one.passage, one.judge)
            else:
                library.judgements.grade(
                    one.question, one.passage, one.grade, one.judge, one.note
                )  # fmt: skip
        except RanklensError as error:
            problems.append(str(error))
    return list(dict.fromkeys(problems))


def withdraw(library: Library, question: str, passage: Chunk, judge: str) -> bool:
    """Remove a judge's grade of exactly this passage; False if there is none."""
    given = library.judgements.for_chunks(question, [passage])[passage.id]
    # Not a neighbour's that holds for this passage too.
    exact = [one for one in given if (one.start, one.end) == (passage.start, passage.end)]
    own = by_judge(exact, judge)
    return own is not None and library.judgements.remove(own.id)


def pool(
    library: Library, question: str, pipelines: Variants, depth: int, collection: str = ""
) -> list[Chunk]:
    """Return what is to be judged: the first passages of every stage, in an order of chance."""
    asked = library.pipeline_in(collection)
    traces = [asked.with_settings(**options).search(question) for options in pipelines.values()]
    return pooled(traces, depth)


def ungraded(library: Library, question: str, passages: Sequence[Chunk], judge: str) -> list[Chunk]:
    """Return the passages that a judge has not graded yet, or only by accepting a proposal."""
    given = library.judgements.for_chunks(question, passages)
    own = {passage.id: by_judge(given[passage.id], judge) for passage in passages}
    return [passage for passage in passages if (of := own[passage.id]) is None or of.accepted]


def unjudged(library: Library, questions: Iterable[Question]) -> list[Question]:
    """Return the questions of which no person has judged a passage."""
    judged = library.judgements.judged_questions()
    return [question for question in questions if same_words(question.text) not in judged]


def next_unjudged(
    library: Library, questions: Sequence[Question], at: int, judge: str
) -> int | None:
    """Return the place of the next question of which a judge has judged nothing.

    After ``at``, and from the first one on after the last; None if every other one was judged.
    """
    judged = library.judgements.judged_questions(judge)
    order = [*range(at + 1, len(questions)), *range(max(at, 0))]
    return next((n for n in order if same_words(questions[n].text) not in judged), None)


def judged_by(library: Library, questions: Iterable[Question], judge: str) -> int:
    """Return how many questions a judge has judged, in part or whole."""
    judged = library.judgements.judged_questions(judge)
    return sum(same_words(question.text) in judged for question in questions)


def passages(library: Library, ids: Iterable[str]) -> dict[str, Chunk]:
    """Return those of these passages that are in the library, by id."""
    return library.index.catalogue.fetch(list(ids))


def check_model(settings: Settings) -> None:
    """Raise `RanklensError`, with how to set one, if there is no language model to ask."""
    configured(settings)


def propose_grades(
    library: Library, settings: Settings, pipelines: Variants, questions: Sequence[Question],
    depth: int, on_progress: OnProgress, stop: Event, collection: str = "",
) -> CallsOutcome:  # fmt: skip
    """Let the model of ``settings`` grade the questions' pools; its proposals are kept apart.

    What it has graded already is left out, so a run that was stopped goes on.
    """
    model = configured(settings)
    within = library.pipeline_in(collection)
    asked = [within.with_settings(**options) for options in pipelines.values()]
    items, failed = to_grade(
        library.judgements, asked, questions, depth, model.model,
        lambda done, total: on_progress(done, total, "questions"), stop,
    )  # fmt: skip
    outcome = propose(
        model, library.judgements, items,
        lambda done, total: on_progress(done, total, "passages"), stop,
    )  # fmt: skip
    return replace(outcome, failures=(*failed, *outcome.failures))


def confirm(library: Library, proposal: Judgement, grade: int, judge: str) -> None:
    """Make a proposal's passage judged by a person, with this grade, marked as an accepted one."""
    made = replace(proposal, grade=grade, judge=judge, source="person", accepted=True)
    library.judgements.add([replace(made, note="", time=0.0, id=0)])


def disliked(library: Library) -> list[str]:
    """Return the questions whose answer got a thumb down and that no person has judged."""
    words = dict.fromkeys(map(same_words, library.conversations.disliked()))
    return [one.text for one in unjudged(library, (Question("", text) for text in words))]


def collect_disliked(library: Library, question: str) -> int:
    """Put a question into the set `DISLIKED_SET`; returns its place there, from 0."""
    library.question_sets.add(DISLIKED_SET, [Question("", question)])
    held = library.question_sets.questions(DISLIKED_SET)
    return [one.text for one in held].index(same_words(question))


def listed(library: Library, question: str | None = None) -> list[Judgement]:
    """Return the judgements of the present documents, of one question or all, oldest first."""
    library.judgements.refresh()
    return library.judgements.all(question)


def remove(library: Library, judgement_id: int) -> None:
    """Delete a judgement; raises `NotThere` if there is none of that id."""
    if not library.judgements.remove(judgement_id):
        raise NotThere(f"there is no judgement {judgement_id} in the library")


def judges_agreement(library: Library) -> Agreement:
    """Return who judged how much, and how far judges and models agree."""
    library.judgements.refresh()
    return agreement(library.judgements.all())


def judges_progress(library: Library, questions: Iterable[Question]) -> list[JudgeProgress]:
    """Return how far each judge has come with these questions, models and files among them."""
    return progress(library.judgements.all(), (question.text for question in questions))


def judges_disagreements(library: Library, proposals: bool = False) -> list[Disagreement]:
    """Return where people's grades of the same text differ, those that differ most first.

    What was imported counts as people's. ``proposals``: what models and thumbs propose, too.
    """
    library.judgements.refresh()
    return disagreements(library.judgements.all(), SOURCES if proposals else PEOPLE)


def import_judgements(
    library: Library, file: Path, questions: Sequence[Question] = (), judge: str = "import",
    data: bytes | None = None,
) -> int:  # fmt: skip
    """Keep the judgements of a file and return their number: all, or none if a row is faulty.

    A name that ends in ``.csv`` is CSV, any other TREC qrels of ``questions``. ``data`` are the
    bytes of a file that is not on disk. Raises `RanklensError` that names every faulty row.
    """
    lines = read_lines(file, library.settings.max_file_mb, data)
    text_of, name = texts(library.index.catalogue), str(file)
    if is_csv(file):
        made = files.from_csv(lines, text_of, judge, name)
    else:
        made = files.from_qrels(lines, questions, text_of, judge, name)
    return library.judgements.add(made)


def export_judgements(library: Library, file: Path, questions: Sequence[Question] = ()) -> str:
    """Return the judgements as a file of that name holds them: all as CSV, or people's as qrels.

    Qrels hold those of ``questions`` only.
    """
    held = library.judgements.all()
    return files.to_csv(held) if is_csv(file) else files.to_qrels(held, questions)


def is_csv(file: Path) -> bool:
    """Whether a file of judgements is CSV; it is TREC qrels otherwise."""
    return file.suffix.lower() == ".csv"
