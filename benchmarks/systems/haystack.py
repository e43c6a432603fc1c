"""Haystack: its in-memory store, BM25 and embedding retrievers joined by ranks, and its ranker."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from haystack import Document
from haystack.components.joiners import DocumentJoiner
from haystack.components.retrievers.in_memory import (
    InMemoryBM25Retriever,
    InMemoryEmbeddingRetriever,
)
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack.utils import ComponentDevice
from haystack_integrations.components.embedders.sentence_transformers import (
    SentenceTransformersDocumentEmbedder,
    SentenceTransformersTextEmbedder,
)
from haystack_integrations.components.rankers.sentence_transformers import (
    SentenceTransformersSimilarityRanker,
)

POOL = 50


class System:
    """See `benchmarks.systems`."""

    def __init__(self, folder: Path, encoder: Path, cross_encoder: Path) -> None:
        self.folder = folder
        device = ComponentDevice.from_str("cpu")
        self.cross_encoder = cross_encoder
        self.embedder: Any = SentenceTransformersDocumentEmbedder(
            model=str(encoder), device=device, progress_bar=False
        )
        self.asker: Any = SentenceTransformersTextEmbedder(
            model=str(encoder), device=device, progress_bar=False
        )
        for part in (self.embedder, self.asker):
            part.warm_up()
        self.store = InMemoryDocumentStore(embedding_similarity_function="cosine")
        self.texts: list[str] = []
        self.ranker: Any = None

    def warm(self, texts: list[str]) -> None:
        """Encode once, so that nothing is timed that happens once a process."""
        self.embedder.run([Document(content=text) for text in texts])

    def ingest(self, texts: list[str]) -> None:
        """Embed documents and write them."""
        documents = [Document(id=str(i), content=text) for i, text in enumerate(texts)]
        self._write(texts, self.embedder.run(documents)["documents"])

    def fill(self, texts: list[str], seed: int) -> None:
        """Take random vectors."""
        rows = np.random.default_rng(seed).standard_normal((len(texts), 384), np.float32)
        made = zip(texts, rows.tolist(), strict=True)
        self._write(
            texts, [Document(id=str(i), content=t, embedding=v) for i, (t, v) in enumerate(made)]
        )

    def _write(self, texts: list[str], documents: list[Document]) -> None:
        self.texts = texts
        self.store.write_documents(documents)
        self.words = InMemoryBM25Retriever(self.store, top_k=POOL)
        self.vectors = InMemoryEmbeddingRetriever(self.store, top_k=POOL)
        self.joiner = DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=POOL)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.store.save_to_disk(str(self.folder / "store.json"))

    def search(self, question: str) -> list[int]:
        """Return what hybrid retrieval finds, best first."""
        vector = self.asker.run(question)["embedding"]
        lists = [
            self.words.run(question)["documents"],
            self.vectors.run(vector)["documents"],
        ]
        return [int(found.id) for found in self.joiner.run(lists)["documents"]]

    def rerank(self, question: str, rows: list[int]) -> list[float]:
        """Rerank texts with the cross-encoder."""
        if self.ranker is None:
            self.ranker = SentenceTransformersSimilarityRanker(
                model=str(self.cross_encoder), device=ComponentDevice.from_str("cpu"), top_k=POOL
            )
            self.ranker.warm_up()
        documents = [Document(id=str(row), content=self.texts[row]) for row in rows]
        self.ranker.run(query=question, documents=documents)
        return []

    def about(self) -> dict[str, str]:
        """Return versions."""
        return {"version": version("haystack-ai")}
