"""Turns whose ranking is of two pipelines: which team gave each passage, and what was opened."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Engine,
    Float,
    ForeignKey,
    Row,
    String,
    Table,
    Text,
    insert,
    select,
)

from rag import trace as traces
from rag.chat.schema import turns
from rag.store.schema import metadata
from rag.types import Trace

_of_turn = ForeignKey("turns.id", ondelete="CASCADE")
table = Table(
    "interleavings",
    metadata,
    Column("turn", _of_turn, primary_key=True, autoincrement=False),
    Column("first", Text, nullable=False),
    Column("second", Text, nullable=False),
    # Names both pipelines' settings: with others under the same names the counting starts anew.
    Column("digest", String, nullable=False),
    Column("teams", JSON, nullable=False),
    Column("asked", Float, nullable=False),
)
opened = Table(
    "opened_citations",
    metadata,
    Column("turn", ForeignKey("interleavings.turn", ondelete="CASCADE"), primary_key=True,
           autoincrement=False),
    Column("chunk", String, primary_key=True),
    Column("time", Float, nullable=False),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class InterleavedTurn:
    """A turn with its teams (chunk → "1", "2" or "-"), and what its reader did.

    ``trace`` is there if the reader gave a thumb, ``liked``.
    """

    turn: int
    first: str
    second: str
    digest: str
    teams: dict[str, str]
    opened: frozenset[str]
    liked: bool | None
    trace: Trace | None


class Interleavings:
    """Reads and writes them. Safe to use from several threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, turn: int, first: str, second: str, digest: str, teams: dict[str, str]) -> None:
        """Keep which team gave each passage of a turn."""
        row = {"turn": turn, "first": first, "second": second, "digest": digest, "teams": teams}
        with self._engine.begin() as db:
            db.execute(insert(table).values(**row, asked=time.time()))

    def open(self, turn: int, chunk: str) -> None:
        """Note that a cited passage was opened; once is enough, and other turns are not counted."""
        its = opened.c.turn == turn, opened.c.chunk == chunk
        with self._engine.begin() as db:
            teams = db.scalar(select(table.c.teams).where(table.c.turn == turn))
            if teams and chunk in teams and db.scalar(select(opened.c.time).where(*its)) is None:
                db.execute(insert(opened).values(turn=turn, chunk=chunk, time=time.time()))

    def all(self) -> list[InterleavedTurn]:
        """Return every interleaved turn, the newest pair of pipelines first."""
        query = (
            select(table, turns.c.liked, turns.c.trace)
            .join(turns, turns.c.id == table.c.turn)
            .order_by(table.c.asked.desc(), table.c.turn.desc())
        )
        clicks: dict[int, set[str]] = {}
        with self._engine.connect() as db:
            for turn, chunk in db.execute(select(opened.c.turn, opened.c.chunk)):
                clicks.setdefault(turn, set()).add(chunk)
            return [_turn(row, clicks.get(row.turn, set())) for row in db.execute(query)]


def _turn(row: Row[Any], clicks: set[str]) -> InterleavedTurn:
    trace = traces.from_json(row.trace) if row.liked is not None else None
    return InterleavedTurn(
        row.turn, row.first, row.second, row.digest, dict(row.teams), frozenset(clicks), row.liked,
        trace,
    )  # fmt: skip
