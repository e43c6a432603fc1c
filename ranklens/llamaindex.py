"""Ranklens in LlamaIndex: retriever and node postprocessor.

library = ranklens.open("./library")
retriever = RanklensNodeRetriever(library, similarity_top_k=50, reranker="none")
retriever.retrieve("When was the bridge opened?")[0].metadata["stages"]

It needs the extra ``llamaindex``.
"""

from __future__ import annotations

import asyncio
from typing import Any

from ranklens.evidence import RankedPassage, Searchable, retrieve

try:
    from llama_index.core.base.base_retriever import BaseRetriever
    from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
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
