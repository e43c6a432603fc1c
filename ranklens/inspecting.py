"""Looking behind one question: where a passage went, why it scored, what a pool holds, two traces.

An `Inspection` works out what a trace does not hold, over the library as it is now. Nothing is
worked out before it is asked for, and each answer is kept for as long as the object is.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from rag.errors import NotThere
from rag.evaluate.experiments.pipelines import CURRENT, resolve
from rag.inspect import compare, places, why
from rag.inspect.compare import SettingDifference, StageTimes
from rag.inspect.duplicates import NEAR, SHINGLE, Twin, twins
from rag.inspect.files import opened
from rag.inspect.find import by_words
from rag.inspect.places import FullRankings, StagePlace
from rag.inspect.reading import Readings, readings
from rag.inspect.remedy import remedy
from rag.inspect.removal import Removal, removal
from rag.inspect.why import MOST_SENTENCES, Ablation, Terms
from rag.journey import Movement
from rag.models.encoder import Reading
from rag.rerank.late_interaction import TokenMatch
from rag.text.typed import LONGEST_NOTE, clean
from rag.types import RETRIEVERS, Chunk, Stage, StageName, Trace
from ranklens.models import rerankers

if TYPE_CHECKING:
    from rag.pipeline import Pipeline
    from ranklens.library import Library

# The types and limits of the engine that these functions return or need.
__all__ = [
    "MOST_SENTENCES",
    "NEAR",
    "SHINGLE",
    "Ablation",
    "Reading",
    "Readings",
    "StagePlace",
    "Terms",
    "TokenMatch",
    "Twin",
    "opened",
]

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class PassageWay:
    """A passage's place at every stage, and what kept it out of the answer.

    ``removed_at`` names the stages that are to blame; none if the answer was given the passage.
    ``remedy`` describes what would have included it.
    """

    places: tuple[StagePlace, ...]
    removal: Removal
    removed_at: frozenset[str]
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class TraceComparison:
    """What differs between two traces: settings, places of passages, times of stages."""

    settings: list[SettingDifference]
    moves: list[Movement]
    times: list[StageTimes]


@dataclass(frozen=True, slots=True)
class TraceCollection:
    """What a trace's collection is called now, "" for all documents.

    ``note`` explains it if that differs from what the trace says.
    """

    name: str
    note: str = ""


class Inspection:
    """What can be worked out about one trace. Raises `SettingsError` if its settings fail here.

    ``collection`` is what its collection is called now; without it, what `trace_collection` finds.
    """

    def __init__(self, library: Library, trace: Trace, collection: str | None = None) -> None:
        self.trace = trace
        self.pipeline = _pipeline(library, trace, collection)
        self._kept: dict[Hashable, object] = {}

    @cached_property
    def everything(self) -> FullRankings:
        """Every passage's place for the question, exactly; reads every vector once."""
        return places.everything(self.pipeline, self.trace.question)

    def way(self, chunk: Chunk) -> PassageWay:
        """Return where a passage went; raises `FilterError` if its filter allows no document."""
        at = places.places(self.trace, chunk, self.everything)
        became = removal(self.trace, chunk, at, places.allowed(self.pipeline, chunk))
        blamed = _blamed(became, [place.stage for place in at])
        outside = became.where in ("retrieval", "pool")
        pool = places.least_pool(self.pipeline, chunk, self.everything) if outside else None
        mended = remedy(self.trace, chunk, at, became, pool)
        return PassageWay(tuple(at), became, blamed, mended)

    @property
    def remote(self) -> bool:
        """Whether the reranker calls a provider; raises `RerankError` if it cannot run."""
        return any(entry.remote for entry, _ in self.pipeline.reranker_parts())

    @property
    def can_score(self) -> bool:
        """Whether the reranker scores single texts, so that it can score parts of a passage."""
        return why.scorer(self.pipeline) is not None

    def beside_pool(self, chunk: Chunk) -> StagePlace:
        """Return where the reranker would have put a passage that the pool does not hold.

        Calls the reranker. Raises `RerankError`.
        """
        found = self.everything
        return self._once(
            "beside", chunk, lambda: places.beside_pool(self.pipeline, self.trace, chunk, found)
        )

    def terms(self, chunk: Chunk) -> Terms | None:
        """Return BM25 term by term; None if the passage is no longer in the library."""
        if not self.pipeline.index.catalogue.fetch([chunk.id]):
            return None
        return why.terms(self.pipeline, self.trace.question, chunk)

    def heat(self, chunk: Chunk) -> list[TokenMatch]:
        """Return how near each token of a passage is to the question; raises `RanklensError`."""
        return self._once(
            "heat", chunk, lambda: why.heat(self.pipeline, self.trace.question, chunk)
        )

    def ablation(self, chunk: Chunk) -> Ablation:
        """Return what each sentence's removal costs. Calls the reranker; raises `RerankError`."""
        return self._once(
            "ablation", chunk, lambda: why.ablation(self.pipeline, self.trace.question, chunk)
        )

    @cached_property
    def readings(self) -> Readings | None:
        """How much the reranker read of each passage; None if it does not report that."""
        chunks = [hit.chunk for hit in self.trace.stages[-1].hits]
        return readings(self.pipeline, self.trace.question, chunks)

    @cached_property
    def twins(self) -> dict[str, Twin]:
        """The passages of the last ranking that repeat a better one, by id."""
        return twins([hit.chunk for hit in self.trace.stages[-1].hits])

    def _once(self, what: str, chunk: Chunk, work: Callable[[], Result]) -> Result:
        key = (what, chunk.id)
        if key not in self._kept:
            self._kept[key] = work()
        return self._kept[key]  # type: ignore[return-value]


def _pipeline(library: Library, trace: Trace, collection: str | None) -> Pipeline:
    pipeline = places.pipeline_of(library.pipeline, trace)
    name = trace_collection(library, trace).name if collection is None else collection
    return pipeline.within(pipeline.asked_within.inside(name))


def trace_collection(library: Library, trace: Trace, conversation: str = "") -> TraceCollection:
    """Return what the collection of a trace is called now.

    A ``conversation`` that holds the trace names it by its number, so it is found under another
    name too. All documents stand for one that is not there any more.
    """
    asked = str(trace.settings.get("collection", ""))
    if not asked:
        return TraceCollection("")
    by_id = library.collections.by_id()
    number = library.conversations.collection_of(conversation) if conversation else None
    name = by_id.get(number, "") if number else ""
    if not name and asked in by_id.values():
        name = asked
    if not name:
        note = (
            f"The collection {asked!r}, in which this question was asked, is not there any more "
            "or has another name. What the trace does not hold is worked out over all documents."
        )
        return TraceCollection("", note)
    renamed = f"The collection was called {asked!r} then; it is {name!r} now."
    return TraceCollection(name, "" if name == asked else renamed)


def stamp(library: Library, trace: Trace, collection: str = "") -> int:
    """Return what changes with the question, its settings, the documents and who sees them."""
    held = library.collections.documents(collection).ready
    ready = tuple((d.id, d.digest) for d in held)
    made_of = (library.reader, ready, trace.settings_digest, trace.question)
    return hash((*made_of, collection))


def cut_of(stage: Stage, trace: Trace) -> float | None:
    """Return the score of the last passage that a stage lets through; None if it cuts none."""
    if stage is trace.stages[-1]:
        return trace.evidence[-1].score if trace.evidence else None
    following = trace.stages[trace.stages.index(stage) + 1]
    size = len(following.hits)
    if following.name == StageName.RERANKED and 0 < size < len(stage.hits):
        return stage.hits[size - 1].score
    return None


def compared(first: Trace, second: Trace) -> TraceComparison:
    """Return what differs between two traces."""
    return TraceComparison(
        compare.differences(first, second),
        compare.moved(first, second),
        compare.times(first, second),
    )


def useful_pipeline(library: Library, trace: Trace) -> str:
    """Return the pipeline that shows most beside a trace: without reranking, else the current one.

    A trace that was not reranked is compared with what reranks now, or with any reranker.
    """
    if trace.settings.get("reranker") != "none":
        return "none"
    if library.settings.reranker != "none":
        return CURRENT
    names = [one.name for one in rerankers(library.settings) if not one.reason]
    return next((name for name in names if name != "none"), CURRENT)


def is_remote(library: Library, pipeline: str) -> bool:
    """Whether a pipeline calls a provider's reranker, so that it is asked only on request.

    Raises `RanklensError` if there is no such pipeline, or it cannot run here.
    """
    (options,) = resolve(library.settings, [pipeline]).values()
    changed = library.pipeline.with_settings(**options)
    return any(entry.remote for entry, _ in changed.reranker_parts())


def search_with(
    library: Library, trace: Trace, pipeline: str, collection: str | None = None
) -> Trace:
    """Search for a trace's question again, in the same documents, with another pipeline.

    ``collection`` as in `Inspection`; ``pipeline`` is a saved one, a reranker, or options such as
    ``pool=100,reranker=none``. Raises `RanklensError`.
    """
    (options,) = resolve(library.settings, [pipeline]).values()
    within = _pipeline(library, trace, collection).asked_within
    return library.pipeline.with_settings(**options).within(within).search(trace.question)


def passages_with(library: Library, words: str, most: int = 30) -> list[Chunk]:
    """Return the passages of the library that hold these words best, best first."""
    return by_words(library.index, clean(words[:LONGEST_NOTE]), most)


def found_passage(library: Library, chunk_id: str = "", words: str = "") -> Chunk:
    """Return the passage with this id, or else the one that holds these words best.

    Raises `NotThere` if the library has none.
    """
    if chunk_id:
        if (held := passage(library, chunk_id)) is not None:
            return held
        raise NotThere(f"there is no passage {chunk_id!r} in the library")
    if held := next(iter(passages_with(library, words, 10)), None):
        return held
    raise NotThere(f"no passage of the library has a word of {words!r}; try other words")


def passage(library: Library, chunk_id: str) -> Chunk | None:
    """Return a passage by its id, None if it is not in the library any more."""
    return library.index.catalogue.fetch([chunk_id]).get(chunk_id)


_BLAMED = {
    "retrieval": RETRIEVERS,
    "pool": (StageName.FUSED, StageName.EXPANDED, StageName.RERANKED),
}


def _blamed(became: Removal, stages: list[str]) -> frozenset[str]:
    """Return the stages that removed a passage."""
    if became.where in ("reranker", "threshold"):
        return frozenset(stages[-1:])
    there = [name for name in _BLAMED.get(became.where, ()) if name in stages]
    return frozenset(there[:1] if became.where == "pool" else there)
