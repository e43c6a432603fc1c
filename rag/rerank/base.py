"""What a reranker is, and the one place that runs it: deadline, blending, fallback, ranking.

A reranker writes one small method, `score`. It can raise what it likes: whatever goes wrong, the
fused order stands and the stage says why.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from rag.errors import RanklensError, RerankError
from rag.models.encoder import Encoder
from rag.settings import Settings
from rag.types import Candidate, Scalar, Stage, normalised, ranked

log = logging.getLogger(__name__)


class Reranker(Protocol):
    """Scores passages for a query."""

    def score(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        """Return one finite score a text, higher is better, in the order of ``texts``."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a reranker may be built from."""

    settings: Settings
    encoder: Encoder


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the table.

    ``build`` loads the reranker, None where there is nothing to run. ``missing`` says in plain
    words why it cannot run here and what to do about it, or nothing. ``blends`` mixes its scores
    with the first stage's (options ``blend_…``).
    """

    name: str
    summary: str
    build: Callable[[Context], Reranker | None]
    missing: Callable[[Context], str] = lambda _context: ""
    blends: bool = False


def rerank(
    query: str,
    pool: Sequence[Candidate],
    entry: Entry,
    load: Callable[[], Reranker | None],
    settings: Settings,
    note: str = "",
) -> Stage:
    """Rank the pool with a reranker into the stage ``reranked``; never loses a candidate.

    ``load`` returns the entry's reranker, loading it first where need be. The deadline counts
    from the call, loading included. ``note`` is put before what this function has to say.
    """
    started = time.perf_counter()
    fused = [(c.chunk, c.fused) for c in pool]
    details: dict[str, Scalar] = {"reranker": entry.name, "pairs": 0}
    fell_back = ""
    hits = ranked(fused)
    if pool:
        try:
            scores = _within(settings.rerank_seconds, lambda: _scores(query, pool, load), entry)
            if scores is not None:
                details["pairs"] = len(pool)
                mixed = blend(pool, scores, settings) if entry.blends else scores
                hits = ranked((c.chunk, s) for c, s in zip(pool, mixed, strict=True))
        except RanklensError as error:
            fell_back = str(error)
    notes = [note, f"fell back to the fused order: {fell_back}" if fell_back else ""]
    return Stage(
        name="reranked",
        hits=hits,
        seconds=time.perf_counter() - started,
        note="; ".join(n for n in notes if n),
        fell_back=bool(fell_back),
        details=details,
    )


def blend(pool: Sequence[Candidate], scores: Sequence[float], settings: Settings) -> list[float]:
    """Weighted sum of dense, BM25 and reranker scores, each min-max normalised within the pool."""
    columns = (
        (settings.blend_dense, [c.dense for c in pool]),
        (settings.blend_lexical, [c.lexical for c in pool]),
        (settings.blend_reranker, list(scores)),
    )
    totals = [0.0] * len(pool)
    for weight, column in columns:
        for i, score in enumerate(normalised(column)):
            totals[i] += weight * score
    return totals


def _scores(
    query: str, pool: Sequence[Candidate], load: Callable[[], Reranker | None]
) -> list[float] | None:
    reranker = load()
    if reranker is None:
        return None
    scores = [float(s) for s in reranker.score(query, [c.chunk.passage for c in pool])]
    if len(scores) != len(pool):
        raise RerankError(f"it gave {len(scores)} scores for {len(pool)} passages")
    return scores


def _within(
    seconds: float, task: Callable[[], list[float] | None], entry: Entry
) -> list[float] | None:
    """Run a task in a thread of its own and wait for it at most ``seconds``.

    A thread cannot be killed: one that hangs is left behind (it is a daemon, so it never keeps
    the process alive) and its result is thrown away.
    """
    result: list[list[float] | None] = []
    failure: list[Exception] = []

    def run() -> None:
        try:
            result.append(task())
        # The boundary to other people's models and clients: anything may come, nothing may pass.
        except Exception as error:  # noqa: BLE001
            failure.append(error)

    thread = threading.Thread(target=run, name=f"rerank {entry.name}", daemon=True)
    thread.start()
    thread.join(seconds)
    if failure:
        error = failure[0]
        if isinstance(error, RanklensError):
            raise error
        log.warning("reranker %s failed", entry.name, exc_info=error)
        raise RerankError(f"{entry.name} failed ({type(error).__name__}: {error})") from error
    if not result:
        raise RerankError(f"{entry.name} gave no scores within {seconds:g} s")
    return result[0]
