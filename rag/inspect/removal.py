"""What kept a passage out of the answer, in words. Pure functions of a trace and of its places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rag.inspect.places import StagePlace
from rag.retrieve.filters import of_settings
from rag.types import RETRIEVERS, Answer, Chunk, Hit, Stage, StageName, Trace

NO_WORD = "finds no word of the question in it"
Where = Literal["filter", "retrieval", "pool", "reranker", "threshold", "answer", ""]


@dataclass(frozen=True, slots=True)
class Removal:
    """What removed a passage and why; ``where`` is empty if it was given to the answer."""

    where: Where
    words: str


def removal(
    trace: Trace, chunk: Chunk, places: Sequence[StagePlace], allowed: bool = True
) -> Removal:
    """Return what became of a passage; ``allowed``: whether the filter lets it be found."""
    number = next((n for n, h in enumerate(trace.evidence, 1) if h.chunk.id == chunk.id), None)
    if number is not None:
        return _in_answer(trace.answer, number, chunk.id)
    if last := _hit(trace.stages[-1:], chunk.id):
        return _cut(trace, last)
    if not allowed:
        only = of_settings(trace.settings).described(" and ")
        return Removal("filter", f"Excluded by the filter: only {only} was asked.")
    if not any(place.rank for place in places):
        return Removal("retrieval", "It is in no ranking: it is not in the library any more.")
    return _below_pool(trace, chunk) or _not_retrieved({p.stage: p for p in places}, trace)


def _in_answer(answer: Answer | None, number: int, chunk_id: str) -> Removal:
    given = f"Given to the answer as [{number}]"
    if answer is None:
        return Removal("", f"{given}; this trace has no answer.")
    if number in answer.left_out:
        words = "the passages above it filled the model's window (llm_context)"
        return Removal("answer", f"Left out of the prompt as [{number}]: {words}.")
    if answer.refused_below is not None:
        return Removal("answer", f"{given}, and refused: the passages were not near the question.")
    short = ", shortened to fit the window" if number in answer.shortened else ""
    cited = any(c.chunk_id == chunk_id for c in answer.citations)
    return Removal("", f"{given}{short}, and {'cited' if cited else 'not cited'}.")


def _cut(trace: Trace, last: Hit) -> Removal:
    top = trace.top
    if last.rank <= top:
        words = f"its score {last.score:.3f} is under the threshold {trace.threshold}"
        return Removal("threshold", f"Below the threshold: {words}.")
    final = trace.stages[-1]
    before = _hit(_before_reranking(trace)[-1:], last.chunk.id)
    was = before.rank if before else None
    if final.name == StageName.RERANKED and final.kept_order:
        why = "the reranker did not run" if final.fell_back else "nothing reranked it"
        return Removal("pool", f"Below the top {top}: rank {last.rank}, and {why}.")
    if final.name == StageName.RERANKED and was is not None and was <= top:
        words = f"from rank {was} to rank {last.rank}, below the top {top}"
        return Removal("reranker", f"Cut by the reranker: it moved it {words}.")
    moved = f" (rank {was} before)" if was else ""
    after = "reranking" if final.name == StageName.RERANKED else f"the stage {final.name}"
    return Removal("reranker", f"Below the top {top}: rank {last.rank} after {after}{moved}.")


def _below_pool(trace: Trace, chunk: Chunk) -> Removal | None:
    """Return this if a passage was found, and ranked below what was reranked."""
    reranked = trace.stage(StageName.RERANKED)
    for stage in reversed(_before_reranking(trace)):
        if stage.name not in RETRIEVERS and (hit := _hit([stage], chunk.id)):
            size = len(reranked.hits) if reranked else 0
            words = f"rank {hit.rank} in {stage.name}, and the first {size} were reranked"
            return Removal("pool", f"Below the pool: {words}.")
    return None


def _not_retrieved(places: Mapping[str, StagePlace], trace: Trace) -> Removal:
    missed = [
        _missed("dense retrieval", places.get(StageName.DENSE), trace, "has no vector for it"),
        _missed("BM25", places.get(StageName.LEXICAL), trace, NO_WORD),
    ]
    return Removal("retrieval", f"Not retrieved: {'; '.join(filter(None, missed))}.")


def _missed(name: str, place: StagePlace | None, trace: Trace, nowhere: str) -> str:
    if place is None:
        return ""
    stage = trace.stage(place.stage)
    if stage and stage.fell_back:
        return f"{name} failed ({stage.note})"
    if place.rank is None:
        return f"{name} {nowhere}"
    depth = int(trace.settings.get("pool", place.depth))
    at = f"{name} has it at rank {place.rank:,} of {place.of:,}"
    if place.rank <= depth:
        return f"{at} now, but did not return it: the index missed it, or it was added since"
    return f"{at}, and takes the first {depth}"


def _before_reranking(trace: Trace) -> list[Stage]:
    names = [stage.name for stage in trace.stages]
    end = names.index(StageName.RERANKED) if StageName.RERANKED in names else len(names)
    return list(trace.stages[:end])


def _hit(stages: Sequence[Stage], chunk_id: str) -> Hit | None:
    return next((h for stage in stages for h in stage.hits if h.chunk.id == chunk_id), None)
