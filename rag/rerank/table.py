"""Every reranker by name. To add one: write its `score`, add a line here (docs/rerankers.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rag.rerank.base import Combined, Context, Entry, Ranker, Reranker
from rag.rerank.cohere import cohere
from rag.rerank.colbert import colbert
from rag.rerank.cross_encoder import cross_encoder
from rag.rerank.http import jina, rerank_server, tei, voyage
from rag.rerank.llm_listwise import llm_listwise
from rag.rerank.llm_pointwise import llm_pointwise
from rag.rerank.names import parse

AUTO = "auto"

# Models by the name that people know them by: name -> (model id, what is worth knowing).
CROSS_ENCODERS = {
    "ms-marco-MiniLM-L-6-v2": ("cross-encoder/ms-marco-MiniLM-L-6-v2", "Small and quick, English."),
    "ms-marco-MiniLM-L-12-v2": ("cross-encoder/ms-marco-MiniLM-L-12-v2", "Twice as deep, English."),
    "ms-marco-electra-base": ("cross-encoder/ms-marco-electra-base", "Base size, English."),
    "bge-reranker-base": ("BAAI/bge-reranker-base", "Base size, English and Chinese."),
    "bge-reranker-large": ("BAAI/bge-reranker-large", "Large, English and Chinese."),
    "bge-reranker-v2-m3": ("BAAI/bge-reranker-v2-m3", "Large, many languages, long passages."),
    "jina-reranker-v2-base-multilingual": (
        "jinaai/jina-reranker-v2-base-multilingual",
        "Base size, many languages; runs code of its own (option trust_remote_code).",
    ),
    "mxbai-rerank-xsmall-v1": ("mixedbread-ai/mxbai-rerank-xsmall-v1", "Very small, English."),
    "mxbai-rerank-base-v1": ("mixedbread-ai/mxbai-rerank-base-v1", "Base size, English."),
    "mxbai-rerank-large-v1": ("mixedbread-ai/mxbai-rerank-large-v1", "Large, English."),
    "Qwen3-Reranker-0.6B": ("Qwen/Qwen3-Reranker-0.6B", "A decoder, many languages."),
    "Qwen3-Reranker-4B": ("Qwen/Qwen3-Reranker-4B", "A large decoder, for a graphics processor."),
}
COLBERTS = {
    "colbertv2.0": ("colbert-ir/colbertv2.0", "ColBERTv2, English."),
    "GTE-ModernColBERT-v1": ("lightonai/GTE-ModernColBERT-v1", "Long passages, English."),
}
FAMILIES: dict[str, Callable[[str], Entry]] = {
    "cross-encoder": cross_encoder,
    "colbert": colbert,
    "cohere": cohere,
    "jina": jina,
    "voyage": voyage,
    "rerank-server": rerank_server,
    "llm-listwise": llm_listwise,
    "llm-pointwise": llm_pointwise,
}


def _maxsim(context: Context) -> Reranker:
    from rag.rerank.late_interaction import LateInteraction

    return LateInteraction(context.encoder, context.kept)


MAXSIM = Entry(
    "maxsim",
    "MaxSim over the encoder's own token embeddings; needs no download.",
    _maxsim,
    unit="mean cosine",
)
# What the embedded weights do best without training: docs/rerankers.md has the figures.
LATE_INTERACTION = Combined("hybrid", (MAXSIM,), title="late-interaction")
NONE = Entry("none", "Keeps the fused order.", lambda _context: None)
_LINES: tuple[Ranker, ...] = (
    NONE,
    LATE_INTERACTION,
    MAXSIM,
    cross_encoder(),
    *(cross_encoder(model, name, about) for name, (model, about) in CROSS_ENCODERS.items()),
    *(colbert(model, name, about) for name, (model, about) in COLBERTS.items()),
    cohere(),
    jina(),
    voyage(),
    rerank_server(),
    tei(),
    llm_listwise(),
    llm_pointwise(),
)
TABLE: dict[str, Ranker] = {line.name: line for line in _LINES}


@dataclass(frozen=True, slots=True)
class Availability:
    """A reranker for a list: ``reason`` says why it cannot run here and what to do, or nothing."""

    name: str
    summary: str
    reason: str


def available(context: Context) -> list[Availability]:
    """Return every reranker of the table, those that can run here first. Waits for no network."""
    listed = [Availability(r.name, r.summary, r.missing(context)) for r in TABLE.values()]
    return sorted(listed, key=lambda one: bool(one.reason))


def resolve(name: str) -> Ranker:
    """Return the reranker or combination of that name; raises `SettingsError` with the nearest."""
    return parse(name, TABLE, FAMILIES)


def choose(context: Context) -> tuple[Ranker, str]:
    """Return what the settings ask for and, for ``auto``, why it is that one.

    Raises `SettingsError` for a name that is not in the table.
    """
    name = context.settings.reranker
    if name != AUTO:
        return resolve(name), ""
    chosen = TABLE["cross-encoder"]
    if why := chosen.missing(context):
        return LATE_INTERACTION, f"auto chose {LATE_INTERACTION.name}: {why}"
    model = context.settings.cross_encoder
    return chosen, f"auto chose cross-encoder: the weights of {model} are on this machine"
