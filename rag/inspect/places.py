"""Where every passage of the library stands for a question, far beyond the pool.

Both retrievers rank everything, exactly, and their rankings are fused by the pipeline's own fusion.
A trace holds what happened; this adds what would have happened to the passages it does not hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.errors import RerankError
from rag.pipeline import Pipeline
from rag.retrieve import filters
from rag.retrieve.fusion import fuse
from rag.settings import from_trace
from rag.types import RETRIEVERS, Candidate, Chunk, Hit, Stage, StageName, Trace, ranked

LARGEST_POOL = 1000  # the bound of the option
FullRankings = Mapping[str, Mapping[str, Hit]]
"""Rankings of all passages that a question may find: stage (dense, lexical, fused) → id → hit.

The lexical one holds only what shares a word with the question. The hits' chunks have no text.
"""


@dataclass(frozen=True, slots=True)
class StagePlace:
    """A passage at one stage.

    ``rank`` (from 1) is among ``of`` passages, None if the stage does not rank it. ``depth``:
    how many the stage went on with in the trace. ``recorded``: the trace itself holds it; else it
    was worked out afterwards, over the library as it is now.
    """

    stage: str
    rank: int | None
    of: int
    score: float | None
    depth: int
    recorded: bool


def pipeline_of(pipeline: Pipeline, trace: Trace) -> Pipeline:
    """Return a pipeline with a trace's ranking settings and its filter.

    Only what a visitor may set is taken, so a trace from elsewhere redirects and opens nothing.
    Raises `SettingsError` if they are not valid here.
    """
    changes = from_trace(pipeline.settings, trace.settings)
    return pipeline.with_settings(**changes).within(filters.of_settings(trace.settings))


def everything(pipeline: Pipeline, question: str) -> FullRankings:
    """Rank all passages that the pipeline's filter allows; raises `FilterError` as a search does.

    Reads every vector once and keeps none of them.
    """
    index = pipeline.index
    scope = filters.scope_of(pipeline.asked_within, index)
    documents = scope.documents if scope else [d.id for d in index.catalogue.ready()]
    allowed = scope or index.scope(documents)
    count = len(allowed.ids)
    vector = pipeline.encoder.encode_query(question)
    dense = _hits(index.compare(vector, allowed, count))
    lexical = _hits(index.lexical.search(question, count, allowed.ids, allowed.among))
    settings = pipeline.settings
    pairs = ((dense, settings.dense_weight), (lexical, settings.lexical_weight))
    fused = fuse([(hits, weight) for hits, weight in pairs if weight > 0], settings)
    rankings = {StageName.DENSE: dense, StageName.LEXICAL: lexical, StageName.FUSED: fused}
    return {name: {hit.chunk.id: hit for hit in hits} for name, hits in rankings.items()}


def allowed(pipeline: Pipeline, chunk: Chunk) -> bool:
    """Return whether the pipeline's filter lets a passage's document be searched."""
    within = pipeline.asked_within
    own = filters.documents_of(within.collection, pipeline.index)
    return not within or any(d.name == chunk.document and within.allows(d) for d in own)


def places(trace: Trace, chunk: Chunk, found: FullRankings) -> list[StagePlace]:
    """Return the passage's place at every stage that ranks, also beyond the cut."""
    return [
        _place(stage, chunk.id, found, _went_on(trace, number))
        for number, stage in enumerate(trace.stages)
    ]


def least_pool(pipeline: Pipeline, chunk: Chunk, found: FullRankings) -> int | None:
    """Return the smallest `pool` whose fused ranking holds a passage, to within a tenth.

    By the exact rankings of `everything`. None if not even the largest pool does.
    """
    settings = pipeline.settings
    weighted = (
        (StageName.DENSE, settings.dense_weight),
        (StageName.LEXICAL, settings.lexical_weight),
    )
    lists = [(list(found[name].values()), weight) for name, weight in weighted if weight > 0]
    ranks = [hit.rank for hits, _ in lists for hit in hits if hit.chunk.id == chunk.id]
    size = min(ranks, default=LARGEST_POOL + 1)
    while size <= LARGEST_POOL:
        fused = fuse([(hits[:size], weight) for hits, weight in lists], settings)
        if any(hit.chunk.id == chunk.id for hit in fused[:size]):
            return size
        size = min(LARGEST_POOL, size + 1 + size // 10) if size < LARGEST_POOL else size + 1
    return None


def beside_pool(pipeline: Pipeline, trace: Trace, chunk: Chunk, found: FullRankings) -> StagePlace:
    """Return where the reranker would have put a passage among the trace's pool.

    Calls the reranker on the pool and the passage. Raises `RerankError` if it fails, or if
    it fell back in the trace too.
    """
    before = trace.stage(StageName.RERANKED)
    if before is None or before.fell_back:
        raise RerankError("the reranker did not rank in this trace, so it has no place there")
    pool = [candidate(hit.chunk, found) for hit in before.hits]
    scoring = alone(pipeline)
    stage = scoring.rerank(trace.question, [*pool, candidate(chunk, found)])
    if stage.fell_back:
        raise RerankError(stage.note)
    hit = next(hit for hit in stage.hits if hit.chunk.id == chunk.id)
    of, depth = len(stage.hits), len(before.hits)
    return StagePlace(StageName.RERANKED, hit.rank, of, hit.score, depth, False)


def alone(pipeline: Pipeline, **changes: str) -> Pipeline:
    """Return a pipeline whose reranker scores all that it is given, or reports why it cannot."""
    only: dict[str, str | int] = {"rerank_policy": "always", "rerank_budget_ms": 0}
    return pipeline.with_settings(**only, rerank_fallbacks="", **changes)


def candidate(chunk: Chunk, found: FullRankings) -> Candidate:
    """Return a passage with what the first stage thinks of it, as a member of the pool has it."""
    hits = [found[name].get(chunk.id) for name in (*RETRIEVERS, StageName.FUSED)]
    return Candidate(chunk, *(hit.score if hit else 0.0 for hit in hits))


def _went_on(trace: Trace, number: int) -> int:
    """Return how many passages a stage's follower took of it: the pool, at last the evidence."""
    following = trace.stages[number + 1 : number + 2]
    if not following:
        return len(trace.evidence)
    count = len(trace.stages[number].hits)
    return min(count, len(following[0].hits)) if following[0].name == StageName.RERANKED else count


def _place(stage: Stage, chunk_id: str, found: FullRankings, depth: int) -> StagePlace:
    everywhere = found.get(stage.name, {})
    own = next((hit for hit in stage.hits if hit.chunk.id == chunk_id), None)
    hit = own or everywhere.get(chunk_id)
    rank, score = (hit.rank, hit.score) if hit else (None, None)
    of = max(len(everywhere), len(stage.hits))
    return StagePlace(stage.name, rank, of, score, depth, own is not None)


def _hits(scored: Sequence[tuple[str, float]]) -> tuple[Hit, ...]:
    return ranked((Chunk(name, "", 0, 0, ""), score) for name, score in scored)
