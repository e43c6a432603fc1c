"""What a reranker is: one small method, `score`, and a line in the table.

A reranker can raise what it likes: `rag.rerank.run` then lets the next reranker or the fused order
stand and notes why.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from rag.errors import RerankError
from rag.models.encoder import Encoder
from rag.settings import Settings
from rag.text.plural import plural
from rag.types import Candidate, Chunk, Scalar

QueryPool = tuple[str, Sequence[Candidate]]


class Reranker(Protocol):
    """Scores passages for a query; an extension writes this one method.

    Eight more attributes are optional. ``identity`` (str) names all that shapes a score besides the
    query and the passage, revision included: scores of a reranker that has one are cached.
    ``noted`` is what the stage's details show of it. ``listwise`` (bool): a score depends on the
    other passages too. ``reading(query,
    texts)`` returns how much of each text it reads (`rag.models.encoder.Reading`),
    ``score_pool(query, candidates)`` scores with what the first stage thinks of each passage too
    and is called instead of ``score`` (nothing is cached); if the reranker has ``others``, a
    mapping of rerankers' names to their identities, it gets their scores of the candidates too,
    ``coverage(texts)`` how much its vocabulary knows of a language (`rag.models.coverage`), and
    ``instructed(instruction)`` the same reranker bound to an instruction, or None if its model
    follows none.
    """

    def score(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        """Return one finite score a text, higher is better, in the order of ``texts``.

        May return `Scores` to report how they came about.
        """


class Scores(list[float]):
    """Scores that carry details: tokens, calls, cost. Still a list to everybody else."""

    def __init__(
        self, values: Iterable[float], details: Mapping[str, Scalar] | None = None
    ) -> None:
        super().__init__(values)
        self.details: Mapping[str, Scalar] = details or {}


@dataclass(frozen=True, slots=True)
class Context:
    """What a reranker may be built from.

    ``kept`` returns the packed token vectors of passages (`rag.models.token_codes`) that were kept
    at ingest, None for a passage that has none.
    """

    settings: Settings
    encoder: Encoder
    kept: Callable[[Sequence[str]], list[bytes | None]] | None = None


def _passage(chunk: Chunk) -> str:
    return chunk.passage


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the table.

    ``build`` loads the reranker; None stands for the fused order. ``missing`` returns in plain
    words why it cannot run here and what to do about it, or nothing; it never waits for a network.
    ``uses`` names the options that shape what ``build`` makes. A ``remote`` one that fails three
    times in a row is left alone for a while. ``unit`` is what its scores are. ``text`` writes a
    chunk as the reranker wants it.
    """

    name: str
    summary: str
    build: Callable[[Context], Reranker | None]
    missing: Callable[[Context], str] = lambda _context: ""
    uses: tuple[str, ...] = ()
    remote: bool = False
    unit: str = ""
    text: Callable[[Chunk], str] = _passage


@dataclass(frozen=True, slots=True)
class Combined:
    """Rerankers put together: ``hybrid:A``, ``cascade:A>B``, ``rrf:A+B``.

    ``title`` is the name of one that stands in the table itself.
    """

    how: Literal["hybrid", "cascade", "rrf"]
    parts: tuple[Entry | Combined, ...]
    title: str = ""

    @property
    def name(self) -> str:
        """The name that makes this combination again: its own in the table, or its parts'."""
        if self.title:
            return self.title
        joint = {"hybrid": "", "cascade": ">", "rrf": "+"}[self.how]
        return f"{self.how}:{joint.join(part.name for part in self.parts)}"

    @property
    def summary(self) -> str:
        """What the combination does, in one sentence."""
        names = [part.name for part in self.parts]
        if self.how == "hybrid":
            return f"{names[0]} blended with the dense and BM25 scores. {self.parts[0].summary}"
        if self.how == "cascade":
            return f"{', then '.join(names)} on what the one before leaves."
        return f"{' and '.join(names)}, fused by reciprocal ranks."

    def missing(self, context: Context) -> str:
        """Return why a part cannot run here, or nothing."""
        reasons = (part.missing(context) for part in self.parts)
        return next((reason for reason in reasons if reason), "")


Ranker = Entry | Combined


def leaves(ranker: Ranker) -> tuple[Entry, ...]:
    """Return the entries that a ranker is made of."""
    if isinstance(ranker, Entry):
        return (ranker,)
    return tuple(leaf for part in ranker.parts for leaf in leaves(part))


def identity_of(rerankers: Iterable[Reranker | None]) -> str:
    """Return what the parts of a ranker are, as far as they say."""
    return "; ".join(filter(None, (str(getattr(one, "identity", "")) for one in rerankers)))


def checked(scores: Sequence[float], wanted: int) -> Scores:
    """Return scores as finite floats, one a passage; raises `RerankError` if they are not."""
    details = scores.details if isinstance(scores, Scores) else None
    made = Scores((float(score) for score in scores), details)
    if len(made) != wanted:
        raise RerankError(f"it gave {plural(len(made), 'score')} for {plural(wanted, 'passage')}")
    for score in made:
        if not math.isfinite(score):
            raise RerankError(f"it gave the score {score}, not a finite number")
    return made


def merged(details: Iterable[Mapping[str, Scalar]]) -> dict[str, Scalar]:
    """Add up what several calls report: numbers are summed, differing words are listed."""
    total: dict[str, Scalar] = {}
    for one in details:
        for name, value in one.items():
            total[name] = _added(total[name], value) if name in total else value
    return total


def _added(a: Scalar, b: Scalar) -> Scalar:
    if isinstance(a, bool) and isinstance(b, bool):
        return a or b
    if isinstance(a, int | float) and isinstance(b, int | float):
        return a + b
    return a if str(b) in str(a).split(", ") else f"{a}, {b}"
