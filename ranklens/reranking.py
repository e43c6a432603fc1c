"""Rerank texts that another program brings: they are in no library, and nothing is kept of them."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag.errors import RanklensError, SettingsError
from rag.rerank.relevance import relevances
from rag.rerank.table import NONE
from rag.retrieve.question import checked_question
from rag.types import Scalar
from ranklens.texts import checked_texts

if TYPE_CHECKING:
    from rag.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class RankedText:
    """A text's place among those that were given (``index``, from 0), and what it scored.

    ``score`` is in the reranker's own unit, ``relevance`` from 0 to 1 (`rag.rerank.relevance`).
    """

    index: int
    text: str
    score: float
    relevance: float


@dataclass(frozen=True, slots=True)
class Reranking:
    """Texts in order, best first.

    ``reranker`` is the one that ranked, ``note`` what is worth knowing about it. ``cut`` are the
    places of texts that are longer than it reads, in the order in which they were given.
    """

    question: str
    ranked: tuple[RankedText, ...]
    reranker: str
    seconds: float
    note: str
    cut: tuple[int, ...]
    details: Mapping[str, Scalar]


def rerank(
    pipeline: Pipeline,
    question: str,
    texts: Sequence[str],
    *,
    top: int | None = None,
    whole: bool = False,
    stop: threading.Event | None = None,
    **options: Any,
) -> Reranking:
    """Rank texts for a question by the settings' reranker; see `ranklens.Library.rerank`."""
    if options:
        pipeline = pipeline.with_settings(**options)
    settings = pipeline.settings
    question, texts = checked_question(question, settings), checked_texts(texts, settings)
    if not question:
        raise RanklensError("the question is empty; type a few words")
    if top is not None and top < 1:
        raise RanklensError(f"the best {top} texts cannot be returned; ask for at least one")
    if settings.reranker == NONE.name:
        raise SettingsError("the reranker none ranks nothing; name another one (option reranker)")
    cut = pipeline.read_in_part(question, texts)
    if cut and whole:
        raise RanklensError(f"text {cut[0]} is longer than the reranker reads; shorten it")
    stage = pipeline.rank_texts(question, texts, stop)
    scores = [hit.score for hit in stage.hits]
    unit = str(stage.details.get("unit", ""))
    weights = settings.blend_lexical + settings.blend_reranker  # texts have no dense score
    found = zip(stage.hits, relevances(scores, unit, weights), strict=True)
    ranked = tuple(
        RankedText(int(hit.chunk.id), hit.chunk.text, hit.score, relevance)
        for hit, relevance in found
    )
    return Reranking(
        question, ranked[:top], stage.reranker, stage.seconds, stage.note, cut, stage.details
    )
