"""Blind votes: two pipelines' rankings or answers, shown without names, and what votes suggest."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING

from rag.evaluate.experiments.pipelines import Variants
from rag.evaluate.experiments.side_by_side import PipelineOutcome, compare
from rag.evaluate.judgements import votes
from rag.evaluate.judgements.feedback import cited
from rag.evaluate.judgements.votes import (
    Tally,
    Vote,
    VoteChoice,
    VotedPipeline,
    VoteKind,
    tallies,
)
from rag.evaluate.progress import OnProgress
from rag.types import Answer, Chunk, Trace
from ranklens.comparing import describe_pipeline
from ranklens.judging import by_judge

if TYPE_CHECKING:
    from ranklens.library import Library

__all__ = ["Tally", "Vote", "VoteChoice", "VoteKind"]


@dataclass(frozen=True, slots=True)
class Ballot:
    """What is voted on. ``depth`` passages of each ranking are shown."""

    question: str
    kind: VoteKind
    left: PipelineOutcome
    right: PipelineOutcome
    depth: int

    def passages(self, side: PipelineOutcome) -> list[Chunk]:
        """Return the passages that a side shows: its first ones, or those that it cites."""
        if side.trace is None:
            return []
        if self.kind == "rankings":
            return [hit.chunk for hit in side.last[: self.depth]]
        return cited(side.trace)

    def answer(self, side: PipelineOutcome) -> str:
        """Return the answer that a side shows, nothing for rankings."""
        answer = side.trace.answer if side.trace and self.kind == "answers" else None
        return renumbered(side.trace, answer) if side.trace and answer else ""

    @property
    def same(self) -> bool:
        """Whether nobody could tell the sides apart."""
        left, right = ((self.answer(s), self.passages(s)) for s in (self.left, self.right))
        return left == right

    @property
    def problem(self) -> str:
        """Why this is nothing to vote on, if it is not."""
        for side in (self.left, self.right):
            answer = side.trace.answer if side.trace else None
            if side.trace is None or (answer and answer.error):
                return f"{side.name} failed: {side.problem or (answer.error if answer else '')}"
            if side.fell_back:
                stage = side.fell_back[0]
                return f"{side.name}: {stage.name} fell back, so it is not its own ({stage.note})"
        return ""


def ballot(
    library: Library, question: str, pipelines: Variants, kind: VoteKind, depth: int,
    one_pool: bool, on_progress: OnProgress | None = None, stop: Event | None = None,
    seed: str = "", collection: str = "",
) -> Ballot:  # fmt: skip
    """Ask both pipelines; who stands left is drawn by chance, or by ``seed``."""
    answers = kind == "answers"
    asked = library.pipeline_in(collection)
    made = compare(asked, pipelines, question, one_pool, answers, on_progress, stop)
    first, second = made.sides
    swapped = random.Random(seed or None).random() < 0.5  # noqa: S311 - guards nothing
    sides = (second, first) if swapped else (first, second)
    return Ballot(question, kind, *sides, depth)


def vote(library: Library, ballot: Ballot, choice: VoteChoice, voter: str) -> Vote:
    """Keep a vote, in place of the same voter's earlier one on the same question and pair."""
    left, right = (_voted(ballot, side) for side in (ballot.left, ballot.right))
    return library.votes.add(Vote(ballot.question, ballot.kind, left, right, choice, voter))


def counted(library: Library, collection: str = "") -> list[tuple[Tally, list[Vote]]]:
    """Return the counts of each pair with its votes, most votes first.

    With ``collection`` those votes alone that were on its passages.
    """
    held = library.votes.all()
    return tallies(_on_passages_of(library, held, collection) if collection else held)


def _on_passages_of(library: Library, held: Sequence[Vote], collection: str) -> list[Vote]:
    members = library.collections.members(collection)
    live = library.index.catalogue.fetch(sorted({key for vote in held for key in vote.passages}))
    inside = {key for key, chunk in live.items() if chunk.document in members}
    return [one for one in held if one.passages and inside.issuperset(one.passages)]


def describe_pair(library: Library, tally: Tally) -> str:
    """Return the names of both pipelines as people read them, the first one first."""
    first, second = (
        describe_pipeline(library.settings, one.name) for one in (tally.first, tally.second)
    )
    return f"{first} and {second}"


def tally_of(library: Library, vote: Vote) -> Tally:
    """Return the counts of the vote's own pair."""
    return next(tally for tally, of_pair in counted(library) if vote in of_pair)


def export_votes(library: Library) -> str:
    """Return all votes as CSV."""
    return votes.to_csv(library.votes.all())


def suggested_grades(library: Library, vote: Vote, judge: str) -> list[tuple[Chunk, int]]:
    """Return (passage, grade) that a vote suggests, without those that the judge has graded."""
    suggested = votes.proposals(vote)
    chunks = library.index.catalogue.fetch(list(suggested))
    given = library.judgements.for_chunks(vote.question, list(chunks.values()))
    return [
        (chunks[key], grade)
        for key, grade in suggested.items()
        if key in chunks and by_judge(given[key], judge) is None
    ]


def renumbered(trace: Trace, given: Answer) -> str:
    """Return the answer's text, its markers counting the cited passages from 1.

    The markers of a prompt are ranks, which would show which pipeline wrote it.
    """
    numbers = {chunk.id: number for number, chunk in enumerate(cited(trace), 1)}
    text, at = "", 0
    for mark in sorted(given.citations, key=lambda c: c.start):
        if mark.start >= at:
            text += given.text[at : mark.start] + f"[{numbers.get(mark.chunk_id, '–')}]"
            at = mark.end
    return text + given.text[at:]


def _voted(ballot: Ballot, side: PipelineOutcome) -> VotedPipeline:
    digest = side.trace.settings_digest if side.trace else ""
    return VotedPipeline(side.name, digest, tuple(chunk.id for chunk in ballot.passages(side)))
