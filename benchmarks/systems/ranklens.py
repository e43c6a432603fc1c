"""Ranklens, with its own index and pipeline; every text is one chunk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ingest.encoding import batches
from rag.models.load import load_cross, load_encoder
from rag.pipeline import Pipeline
from rag.rerank.late_interaction import LateInteraction
from rag.settings import Settings
from rag.store.index import Index
from rag.types import Chunk

FILLED_AT_ONCE = 2000


class System:
    """See `benchmarks.systems`."""

    def __init__(self, folder: Path, encoder: Path, cross_encoder: Path) -> None:
        self.settings = Settings(
            library=folder,
            cache=folder.parent / "cache",  # not the user's: a random head is of no use to them
            encoder=str(encoder),
            cross_encoder=str(cross_encoder),
        )
        folder.mkdir(parents=True, exist_ok=True)
        self.encoder = load_encoder(self.settings)
        facts = {"revision": self.encoder.revision, "dimension": self.encoder.dimension}
        self.index = Index.open(self.settings, facts)
        pipeline = Pipeline(self.index, self.encoder, self.settings)
        self.retrieval = pipeline.with_settings(reranker="none")
        self.answering = pipeline.with_settings(reranker="late-interaction")
        self.cross: Any = None
        self.late = LateInteraction(self.encoder, self.index.tokens.fetch)
        self.chunks: list[Chunk] = []

    def warm(self, texts: list[str]) -> None:
        """Encode once, so that nothing is timed that happens once a process."""
        self.encoder.encode(texts)

    def ingest(self, texts: list[str]) -> None:
        """Encode and index, as the app does it."""
        document = self._document(texts)
        encoded = batches(self.index, self.encoder, self.chunks, self.settings.keep_tokens)
        for first, part, vectors, tokens in encoded:
            self.index.add(document, first, part, vectors, tokens)
        self.index.publish(document, 0.0)

    def fill(self, texts: list[str], seed: int) -> None:
        """Index with random vectors."""
        drawn = np.random.default_rng(seed)
        document = self._document(texts)
        for first in range(0, len(texts), FILLED_AT_ONCE):
            part = self.chunks[first : first + FILLED_AT_ONCE]
            rows = drawn.standard_normal((len(part), self.encoder.dimension), np.float32)
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            self.index.add(document, first, part, rows)
        self.index.publish(document, 0.0)

    def _document(self, texts: list[str]) -> int:
        catalogue = self.index.catalogue
        document = catalogue.add_document("texts", 0, "texts")
        catalogue.update_document(document, status="indexing")
        self.chunks = [Chunk(str(i), "texts", i, i + 1, text) for i, text in enumerate(texts)]
        return document

    def search(self, question: str) -> list[int]:
        """Return what hybrid retrieval finds, best first."""
        return [int(hit.chunk.id) for hit in self.retrieval.search(question).stages[-1].hits]

    def rerank(self, question: str, rows: list[int]) -> list[float]:
        """Score texts with the cross-encoder."""
        self.cross = self.cross or load_cross(self.settings)
        (judged,) = self.cross.judge([(question, [self.chunks[row].text for row in rows])])
        return list(judged.logits)

    def rerank_late(self, question: str, rows: list[int]) -> list[float]:
        """Score texts with late interaction over kept token vectors."""
        return list(self.late.score(question, [self.chunks[row].passage for row in rows]))

    def rerank_late_encoding(self, question: str, rows: list[int]) -> list[float]:
        """Score texts with late interaction, encoding them first."""
        late = LateInteraction(self.encoder)
        return list(late.score(question, [self.chunks[row].passage for row in rows]))

    def first_token(self, question: str) -> str:
        """Search, rerank and return the beginning of the extractive answer."""
        trace = self.answering.widen(self.answering.search(question))
        return next(iter(self.answering.answer(trace)), "")

    def about(self) -> dict[str, str]:
        """Return versions and engines."""
        from rag.models.onnx.engine import describe_machine

        return {"engine": self.encoder.engine, "machine": describe_machine()}
