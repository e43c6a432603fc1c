"""LlamaIndex: its BM25 and vector retrievers, fused by reciprocal ranks, and its reranker."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from llama_index.core import VectorStoreIndex
from llama_index.core.llms import MockLLM
from llama_index.core.postprocessor import SentenceTransformerRerank
from llama_index.core.retrievers import QueryFusionRetriever
from llama_index.core.schema import NodeWithScore, TextNode
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from llama_index.retrievers.bm25 import BM25Retriever

POOL = 50


class System:
    """See `benchmarks.systems`."""

    def __init__(self, folder: Path, encoder: Path, cross_encoder: Path) -> None:
        self.folder = folder
        self.embedding = HuggingFaceEmbedding(model_name=str(encoder), device="cpu")
        self.cross_encoder = cross_encoder
        self.nodes: list[TextNode] = []
        self.retriever: Any = None
        self.reranker: Any = None

    def warm(self, texts: list[str]) -> None:
        """Encode once, so that nothing is timed that happens once a process."""
        self.embedding.get_text_embedding_batch(texts)

    def ingest(self, texts: list[str]) -> None:
        """Embed nodes into the default vector store and build BM25."""
        self._index([TextNode(text=text, id_=str(i)) for i, text in enumerate(texts)])

    def fill(self, texts: list[str], seed: int) -> None:
        """Take random vectors."""
        rows = np.random.default_rng(seed).standard_normal((len(texts), 384), np.float32)
        nodes = zip(texts, rows.tolist(), strict=True)
        self._index([TextNode(text=t, id_=str(i), embedding=v) for i, (t, v) in enumerate(nodes)])

    def _index(self, nodes: list[TextNode]) -> None:
        self.nodes = nodes
        index = VectorStoreIndex(nodes, embed_model=self.embedding)
        words = BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=POOL)
        self.retriever = QueryFusionRetriever(
            [index.as_retriever(similarity_top_k=POOL), words],
            llm=MockLLM(),
            mode="reciprocal_rerank",
            similarity_top_k=POOL,
            num_queries=1,
            use_async=False,
        )
        index.storage_context.persist(str(self.folder))

    def search(self, question: str) -> list[int]:
        """Return what hybrid retrieval finds, best first."""
        return [int(found.node.node_id) for found in self.retriever.retrieve(question)]

    def rerank(self, question: str, rows: list[int]) -> list[float]:
        """Rerank texts with the cross-encoder."""
        if self.reranker is None:
            self.reranker = SentenceTransformerRerank(
                model=str(self.cross_encoder), top_n=POOL, device="cpu"
            )
        nodes = [NodeWithScore(node=self.nodes[row], score=0.0) for row in rows]
        self.reranker.postprocess_nodes(nodes, query_str=question)
        return []

    def about(self) -> dict[str, str]:
        """Return versions."""
        return {"version": version("llama-index-core")}
