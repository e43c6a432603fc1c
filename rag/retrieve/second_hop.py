"""The second hop: what the best passages name and the question does not is searched for too.

“Who directed the film that …” finds the film's page; its director's page shares few words with the
question, but the film's page names them. So the names in each of the best passages make a follow-up
query for BM25. (A vector between the question's and the passage's, as in MDR, Xiong et al., ICLR
2021, finds less without MDR's training; `benchmarks/expansion.py` measures it.) Needs no model and
no network.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from rag.retrieve.first_stage import FirstStage, FirstStageResult
from rag.settings import Settings
from rag.store.analyse import Analyser
from rag.text.names import full_names
from rag.text.plural import plural
from rag.types import Candidate, Chunk, Hit, Stage, StageName, ranked

POOL = 20  # candidates of the second hop that are reranked
K = 4  # chosen with hop_decay on HotpotQA, where 2 to 8 are within 0.01
MOST_NAMES = 40

Rerank = Callable[[str, Sequence[Candidate]], Stage]


def second_hop(
    asked: FirstStageResult, before: Stage, first: FirstStage, settings: Settings, rerank: Rerank
) -> tuple[Stage, ...]:
    """Return the stages of the second hop; the last one holds both hops.

    ``follow-up`` is what the new names find, ``follow-up-reranked`` the same reranked against the
    question, ``second-hop`` all of ``before`` (the first hop's last ranking) and of that.
    """
    follow_up = _follow_up(asked, before, first, settings)
    # What the names find is the lexical score here: the question's own words found it wanting.
    pool = [
        replace(member, lexical=member.fused)
        for member in first.candidates(asked, follow_up.hits[:POOL])
    ]
    reranked = replace(rerank(asked.query.words, pool), name=StageName.FOLLOW_UP_RERANKED)
    started = time.perf_counter()
    hits = combine([(before.hits, 1.0), (reranked.hits, settings.hop_decay)])
    new = len(hits) - len(before.hits)
    failed = [stage.note for stage in (before, reranked) if stage.fell_back]
    found = f"the first hop with {plural(new, 'passage')} that only the second one found"
    note = "; ".join([found, *failed])
    both = Stage(StageName.SECOND_HOP, hits, time.perf_counter() - started, note, bool(failed))
    return follow_up, reranked, both


def _follow_up(
    asked: FirstStageResult, before: Stage, first: FirstStage, settings: Settings
) -> Stage:
    """Search for the names in each of the best passages; each passage's find weighs as it does."""
    started = time.perf_counter()
    analyse = first.analyser_of(before.hits)
    finds: list[tuple[Sequence[Hit], float]] = []
    notes: list[str] = []
    fell_back = False
    for hit in before.hits[: settings.hop_passages]:
        if new := " ".join(names(asked.query.words, hit.chunk.passage, analyse)):
            found = first.lexical(new)
            others = [(h.chunk, h.score) for h in found.hits if h.chunk.id != hit.chunk.id]
            finds.append((ranked(others), worth(hit.rank)))
            notes.append(found.note if found.fell_back else f"{hit.chunk.document}: {new}")
            fell_back |= found.fell_back
    note = "; ".join(notes) or "the best passages name nothing that the question does not"
    seconds = time.perf_counter() - started
    return Stage(StageName.FOLLOW_UP, combine(finds), seconds, note, fell_back)


def names(question: str, passage: str, analyse: Analyser) -> list[str]:
    """Return the names in a passage that the question does not hold, in the passage's order."""
    known = set(analyse(question))
    named = dict.fromkeys(match[0] for match in full_names(passage))
    new = [name for name in named if set(analyse(name)) - known]
    return new[:MOST_NAMES]


def combine(rankings: Sequence[tuple[Sequence[Hit], float]]) -> tuple[Hit, ...]:
    """Put weighted rankings together: a chunk scores the best of what each gives it.

    A ranking gives its first 1 and the others what `worth` returns. Ranks, because scores of
    rerankers and of fusions fall off so differently that no decay would suit all of them; the
    best, because a sum favours what both hops find, which is what the first one found already.
    """
    chunks: dict[str, Chunk] = {}
    best: dict[str, float] = {}
    for hits, weight in rankings:
        for hit in hits:
            chunks.setdefault(hit.chunk.id, hit.chunk)
            best[hit.chunk.id] = max(best.get(hit.chunk.id, 0.0), weight * worth(hit.rank))
    return ranked((chunks[name], score) for name, score in best.items())


def worth(rank: int) -> float:
    """Return what a rank (from 1) is worth: 1 for the first, falling as 1 / (rank + K)."""
    return (1 + K) / (rank + K)
