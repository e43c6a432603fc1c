"""Ranklens in LlamaIndex: retriever and node postprocessor.

    library = ranklens.open("./library")
    retriever = RanklensNodeRetriever(library, similarity_top_k=50, reranker="none")
    retriever.retrieve("When was the bridge opened?")[0].metadata["stages"]

It needs the extra ``llamaindex``.
"""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import Field

from rag.errors import RanklensError
from ranklens.evidence import (
    RankedPassage,
    Searchable,
    after_reranking,
    retrieve,
    text_to_rank,
)

try:
    from llama_index.core.base.base_retriever import BaseRetriever
    from llama_index.core.postprocessor.types import BaseNodePostprocessor
    from llama_index.core.schema import BaseNode, NodeWithScore, QueryBundle, TextNode
except ImportError as error:
    raise ImportError(
        "ranklens.llamaindex needs llama-index-core: pip install 'ranklens[llamaindex]'"
    ) from error

# What a language model reads beside a passage; ranks and scores are for programs.
READ = frozenset({"document", "page", "headings"})


class RanklensNodeRetriever(BaseRetriever):
    """The passages of a library for a question, with their rank and score at every stage.

    ``library`` is a `ranklens.Library` or a `ranklens.RemoteLibrary`; ``options`` are what else
    `Library.search` takes, such as ``reranker`` or ``documents``. Errors are `RanklensError`s.
    """

    def __init__(self, library: Searchable, similarity_top_k: int = 5, **options: Any) -> None:
        super().__init__()
        self.library, self.similarity_top_k, self.options = library, similarity_top_k, options

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        question, k = query_bundle.query_str, self.similarity_top_k
        return [_node(passage) for passage in retrieve(self.library, question, k, self.options)]

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await asyncio.to_thread(self._retrieve, query_bundle)


class RanklensNodePostprocessor(BaseNodePostprocessor):
    """The best ``top_n`` nodes by a reranker.

    ``library`` is a `ranklens.Library` or a `ranklens.RemoteLibrary`, whose models and settings
    rank; the nodes may come from anywhere. ``reranker`` is a name of docs/rerankers.md, ``options``
    are others that shape reranking, such as ``rerank_seconds``. A node's score is its relevance (0
    to 1); its metadata gets ``rerank`` (ranks before and after, the score in the reranker's unit).
    Raises `RerankError` if the reranker fails.
    """

    library: Any = Field(exclude=True)
    reranker: str = "auto"
    top_n: int | None = Field(5, ge=1)
    options: dict[str, Any] = Field(default_factory=dict)

    @classmethod
    def class_name(cls) -> str:
        """Return the name under which LlamaIndex lists it."""
        return "RanklensNodePostprocessor"

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        if query_bundle is None:
            raise RanklensError("nodes are reranked for a question; give query_str or query_bundle")
        if not nodes:
            return []
        texts = [text_to_rank(one.node.get_content(), one.node.metadata) for one in nodes]
        options = {"reranker": self.reranker, **self.options}
        found = self.library.rerank(query_bundle.query_str, texts, top=self.top_n, **options)
        return [
            NodeWithScore(node=_with_metadata(nodes[index].node, how), score=relevance)
            for index, relevance, how in after_reranking(found)
        ]


def _with_metadata(node: BaseNode, how: dict[str, Any]) -> BaseNode:
    changes = {
        "metadata": {**node.metadata, "rerank": how},
        "excluded_llm_metadata_keys": [*node.excluded_llm_metadata_keys, "rerank"],
        "excluded_embed_metadata_keys": [*node.excluded_embed_metadata_keys, "rerank"],
    }
    return node.model_copy(update=changes)


def _node(passage: RankedPassage) -> NodeWithScore:
    chunk = passage.hit.chunk
    hidden = sorted(passage.metadata.keys() - READ)
    node = TextNode(
        id_=chunk.id,
        text=chunk.text,
        metadata=passage.metadata,
        excluded_llm_metadata_keys=hidden,
        excluded_embed_metadata_keys=hidden,
        start_char_idx=chunk.start,
        end_char_idx=chunk.end,
    )
    return NodeWithScore(node=node, score=passage.hit.score)
