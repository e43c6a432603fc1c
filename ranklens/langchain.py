"""Ranklens in LangChain: retriever and document compressor.

    library = ranklens.open("./library")
    retriever = RanklensRetriever(library=library, k=50, options={"reranker": "none"})
    retriever.invoke("When was the bridge opened?")[0].metadata["stages"]

It needs the extra ``langchain``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from pydantic import Field

from ranklens.evidence import RankedPassage, after_reranking, retrieve, text_to_rank

try:
    from langchain_core.callbacks import (
        AsyncCallbackManagerForRetrieverRun,
        CallbackManagerForRetrieverRun,
        Callbacks,
    )
    from langchain_core.documents import BaseDocumentCompressor, Document
    from langchain_core.retrievers import BaseRetriever
except ImportError as error:
    raise ImportError(
        "ranklens.langchain needs langchain-core: pip install 'ranklens[langchain]'"
    ) from error


class RanklensRetriever(BaseRetriever):
    """The passages of a library for a question, with their rank and score at every stage.

    ``library`` is a `ranklens.Library` or a `ranklens.RemoteLibrary`, ``k`` the number of passages,
    ``options`` what else `Library.search` takes, such as ``reranker`` or ``documents``. ``k`` and
    options can be given to ``invoke`` too. Errors are `RanklensError`s.
    """

    library: Any
    k: int = Field(5, ge=1, le=1000)
    options: dict[str, Any] = Field(default_factory=dict)

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,
        k: int | None = None,
        **options: Any,
    ) -> list[Document]:
        found = retrieve(self.library, query, k or self.k, {**self.options, **options})
        return [_document(passage) for passage in found]

    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun,
        **options: Any,
    ) -> list[Document]:
        below = run_manager.get_sync()
        return await asyncio.to_thread(
            self._get_relevant_documents, query, run_manager=below, **options
        )


class RanklensCompressor(BaseDocumentCompressor):
    """The best ``top_n`` documents by a reranker, for `ContextualCompressionRetriever` and others.

    ``library`` is a `ranklens.Library` or a `ranklens.RemoteLibrary`, whose models and settings
    rank; the documents may come from anywhere. ``reranker`` is a name of docs/rerankers.md,
    ``options`` are others that shape reranking, such as ``rerank_seconds``. A document's metadata
    gets ``relevance_score`` (0 to 1) and ``rerank`` (ranks before and after, the score in the
    reranker's unit). Raises `RerankError` if the reranker fails.
    """

    library: Any
    reranker: str = "auto"
    top_n: int | None = Field(5, ge=1)
    options: dict[str, Any] = Field(default_factory=dict)

    def compress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks = None
    ) -> list[Document]:
        """Return the best documents, best first."""
        if not documents:
            return []
        texts = [text_to_rank(one.page_content, one.metadata) for one in documents]
        options = {"reranker": self.reranker, **self.options}
        found = self.library.rerank(query, texts, top=self.top_n, **options)
        return [
            _with_metadata(documents[index], {"relevance_score": relevance, "rerank": how})
            for index, relevance, how in after_reranking(found)
        ]


def _with_metadata(document: Document, more: dict[str, Any]) -> Document:
    return document.model_copy(update={"metadata": {**document.metadata, **more}})


def _document(passage: RankedPassage) -> Document:
    chunk = passage.hit.chunk
    # Splitters and chains of LangChain look for a document's name under ``source``.
    metadata = {"source": chunk.document, **passage.metadata}
    return Document(chunk.text, id=chunk.id, metadata=metadata)
