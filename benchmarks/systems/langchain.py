"""LangChain as its documentation puts hybrid retrieval with reranking together."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from langchain_chroma import Chroma
from langchain_classic.retrievers import EnsembleRetriever
from langchain_classic.retrievers.document_compressors import CrossEncoderReranker
from langchain_community.cross_encoders import HuggingFaceCrossEncoder
from langchain_community.retrievers import BM25Retriever
from langchain_core.documents import Document
from langchain_huggingface import HuggingFaceEmbeddings

POOL = 50
ROWS_A_CALL = 5000


class System:
    """See `benchmarks.systems`."""

    def __init__(self, folder: Path, encoder: Path, cross_encoder: Path) -> None:
        embeddings = HuggingFaceEmbeddings(
            model_name=str(encoder),
            model_kwargs={"device": "cpu"},
            encode_kwargs={"normalize_embeddings": True},
        )
        self.store = Chroma("texts", embeddings, persist_directory=str(folder))
        self.cross_encoder = cross_encoder
        self.texts: list[str] = []
        self.retriever: Any = None
        self.reranker: Any = None

    def warm(self, texts: list[str]) -> None:
        """Encode once, so that nothing is timed that happens once a process."""
        self.store.embeddings.embed_documents(texts)

    def ingest(self, texts: list[str]) -> None:
        """Add texts to Chroma and to the BM25 retriever."""
        self.store.add_texts(texts, [{"row": i} for i in range(len(texts))])
        self._retriever(texts)

    def fill(self, texts: list[str], seed: int) -> None:
        """Add texts with random vectors."""
        drawn = np.random.default_rng(seed)
        for first in range(0, len(texts), ROWS_A_CALL):
            part = texts[first : first + ROWS_A_CALL]
            rows = range(first, first + len(part))
            self.store._collection.upsert(
                ids=[str(row) for row in rows],
                documents=part,
                metadatas=[{"row": row} for row in rows],
                embeddings=drawn.standard_normal((len(part), 384), np.float32),
            )
        self._retriever(texts)

    def _retriever(self, texts: list[str]) -> None:
        self.texts = texts
        rows = [{"row": i} for i in range(len(texts))]
        words = BM25Retriever.from_texts(texts, rows, k=POOL)
        vectors = self.store.as_retriever(search_kwargs={"k": POOL})
        self.retriever = EnsembleRetriever(retrievers=[words, vectors], weights=[0.5, 0.5])

    def search(self, question: str) -> list[int]:
        """Return what hybrid retrieval finds, best first."""
        return [int(found.metadata["row"]) for found in self.retriever.invoke(question)]

    def rerank(self, question: str, rows: list[int]) -> list[float]:
        """Rerank texts with the cross-encoder; LangChain gives the order and no scores."""
        if self.reranker is None:
            model = HuggingFaceCrossEncoder(
                model_name=str(self.cross_encoder), model_kwargs={"device": "cpu"}
            )
            self.reranker = CrossEncoderReranker(model=model, top_n=POOL)
        documents = [Document(self.texts[row]) for row in rows]
        self.reranker.compress_documents(documents, question)
        return []

    def about(self) -> dict[str, str]:
        """Return versions."""
        return {"version": version("langchain-classic"), "chromadb": version("chromadb")}
