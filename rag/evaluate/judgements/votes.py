"""Blind votes: which of two pipelines' rankings or answers people prefer, not knowing whose it is.

A pair of pipelines is named by names and settings digests: with other settings under the same name
the counting starts anew. The test is the exact two-sided sign test; ties are left out of it.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from sqlalchemy import delete, insert, select

from rag.errors import RanklensError
from rag.evaluate.judgements import files
from rag.evaluate.judgements.record import same_words
from rag.evaluate.judgements.schema import votes as table
from rag.evaluate.measures.statistics import binomial_p
from rag.store.catalogue import Catalogue
from rag.store.statements import serialise
from rag.text.typed import LONGEST_NAME, clean, too_long

VoteChoice = Literal["left", "right", "tie", "both bad"]
VoteKind = Literal["rankings", "answers"]
CHOICES: tuple[VoteChoice, ...] = get_args(VoteChoice)
KINDS: tuple[VoteKind, ...] = get_args(VoteKind)


@dataclass(frozen=True, slots=True)
class VotedPipeline:
    """One of a vote's two pipelines: its name, settings digest, and the passages that it showed.

    ``passages`` are the chunks' ids, best first; of an answer, those that it cites.
    """

    name: str
    digest: str
    passages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Vote:
    """A vote on two pipelines; ``left`` and ``right`` are their places on the page."""

    question: str
    kind: VoteKind
    left: VotedPipeline
    right: VotedPipeline
    choice: VoteChoice
    voter: str
    time: float = 0.0
    id: int = 0

    @property
    def passages(self) -> tuple[str, ...]:
        """The ids of the passages that both sides showed."""
        return (*self.left.passages, *self.right.passages)

    @property
    def winner(self) -> VotedPipeline | None:
        """The preferred pipeline, None if neither was."""
        return {"left": self.left, "right": self.right}.get(self.choice)

    @property
    def loser(self) -> VotedPipeline | None:
        """The other one."""
        return {"left": self.right, "right": self.left}.get(self.choice)


@dataclass(frozen=True, slots=True)
class Tally:
    """A pair's votes on one kind; ``p`` is that of the exact two-sided binomial test."""

    first: VotedPipeline
    second: VotedPipeline
    kind: VoteKind
    wins: int
    losses: int
    ties: int
    both_bad: int

    @property
    def round(self) -> str:
        """The id of this pair and kind: 16 hexadecimal digits."""
        sides = [(one.name, one.digest) for one in (self.first, self.second)]
        return hashlib.sha256(json.dumps([*sides, self.kind]).encode()).hexdigest()[:16]

    @property
    def pair(self) -> str:
        """The names of both, the first one first."""
        return f"{self.first.name} and {self.second.name}"

    @property
    def p(self) -> float:
        """How likely so uneven a count is if both are equally good."""
        return binomial_p(self.wins, self.losses)


class VoteStore:
    """The votes of a library. Safe to use from several threads of one process."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._engine = catalogue.engine

    def add(self, vote: Vote) -> Vote:
        """Keep a vote; return it with id and time. Raises `RanklensError` if it is faulty.

        It takes the place of the same voter's earlier one on the same question, kind and pair: the
        test takes votes to be independent of one another.
        """
        row = _row(vote)
        its = [table.c[name] == row[name] for name in ("voter", "kind", "question")]
        with self._engine.begin() as db:
            # Written first: that takes SQLite's write lock, so nobody votes between the two.
            serialise(db, f"votes of {row['voter']}")
            key = db.execute(insert(table).values(**row)).inserted_primary_key
            assert key is not None  # noqa: S101 - an INSERT of one row has a key
            made = _vote({**row, "id": key[0]})
            others = db.execute(select(table).where(*its, table.c.id != made.id)).mappings()
            before = [one.id for one in map(_vote, map(dict, others)) if _pair(one) == _pair(made)]
            db.execute(delete(table).where(table.c.id.in_(before)))
        return made

    def all(self) -> list[Vote]:
        """Return the votes, oldest first."""
        with self._engine.connect() as db:
            rows = db.execute(select(table).order_by(table.c.time, table.c.id)).mappings().all()
        return [_vote(dict(row)) for row in rows]

    def remove(self, ids: Iterable[int]) -> int:
        """Delete votes; returns how many there were."""
        with self._engine.begin() as db:
            return db.execute(delete(table).where(table.c.id.in_(list(ids)))).rowcount


def tallies(held: Iterable[Vote]) -> list[tuple[Tally, list[Vote]]]:
    """Count the votes of each pair and kind, with the votes themselves; most votes first.

    The pair's first pipeline is the one whose name (then digest) sorts first.
    """
    pairs: dict[tuple[tuple[str, str], tuple[str, str], VoteKind], list[Vote]] = {}
    for vote in held:
        first, second = _pair(vote)
        pairs.setdefault((first, second, vote.kind), []).append(vote)
    counted = [(_tally(*key, votes), votes) for key, votes in pairs.items()]
    return sorted(counted, key=lambda one: -len(one[1]))


def _tally(
    first: tuple[str, str], second: tuple[str, str], kind: VoteKind, votes: Sequence[Vote]
) -> Tally:
    won = [(vote.winner.name, vote.winner.digest) for vote in votes if vote.winner]
    choices = [vote.choice for vote in votes]
    return Tally(
        VotedPipeline(*first), VotedPipeline(*second), kind, won.count(first), won.count(second),
        choices.count("tie"), choices.count("both bad"),
    )  # fmt: skip


def proposals(vote: Vote) -> dict[str, int]:
    """Return passage → the grade that a vote suggests, for a person to confirm or change.

    A vote is about a whole list, so one passage gets little from it. What only the winner showed
    is suggested as related (1), what only the loser showed as not relevant (0); if both were
    bad, everything as not relevant. A tie suggests nothing, and what both showed is left out.
    """
    if vote.choice == "both bad":
        return dict.fromkeys(vote.passages, 0)
    if vote.winner is None or vote.loser is None:
        return {}
    won, lost = vote.winner.passages, vote.loser.passages
    only_won = {key: 1 for key in won if key not in lost}
    return only_won | {key: 0 for key in lost if key not in won}


def to_csv(held: Iterable[Vote]) -> str:
    """Return votes as CSV with a header; passages are ids with spaces between, times in UTC."""
    sides = [f"{side}_{part.name}" for side in ("left", "right") for part in fields(VotedPipeline)]
    columns = ("question", "kind", *sides, "choice", "winner", "voter", "time")
    return files.written(columns, map(_csv_row, held))


def _csv_row(vote: Vote) -> dict[str, Any]:
    row: dict[str, Any] = {
        name: getattr(vote, name) for name in ("question", "kind", "choice", "voter", "time")
    }
    for side, pipeline in (("left", vote.left), ("right", vote.right)):
        row |= {f"{side}_{name}": value for name, value in asdict(pipeline).items()}
        row[f"{side}_passages"] = " ".join(pipeline.passages)
    return row | {"winner": vote.winner.name if vote.winner else ""}


def _pair(vote: Vote) -> list[tuple[str, str]]:
    return sorted((pipe.name, pipe.digest) for pipe in (vote.left, vote.right))


def _row(vote: Vote) -> dict[str, Any]:
    if vote.choice not in CHOICES or vote.kind not in KINDS:
        raise RanklensError(f"a vote is {', '.join(CHOICES)}, on {' or '.join(KINDS)}")
    if not vote.question.strip() or not vote.voter.strip():
        raise RanklensError("a vote needs a question and a voter's name")
    if reason := too_long(vote.voter, LONGEST_NAME, "a voter's name"):
        raise RanklensError(reason)
    row = {field.name: getattr(vote, field.name) for field in fields(vote) if field.name != "id"}
    sides = {side: json.dumps(asdict(row[side])) for side in ("left", "right")}
    words = {"question": same_words(vote.question), "voter": clean(vote.voter)}
    return {**row, **sides, **words, "time": vote.time or time.time()}


def _vote(row: dict[str, Any]) -> Vote:
    return Vote(**{**row, "left": _pipe(row["left"]), "right": _pipe(row["right"])})


def _pipe(text: str) -> VotedPipeline:
    data = json.loads(text)
    return VotedPipeline(data["name"], data["digest"], tuple(data["passages"]))
