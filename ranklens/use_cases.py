"""What people do with a library: add documents, search, ask, rank texts of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import LibraryError
from ranklens.records import Records

if TYPE_CHECKING:
    from ingest.progress import FileOutcome, IndexingProgress
    from rag.pipeline import Pipeline
    from rag.store.catalogue import Document
    from rag.types import Trace
    from rag.watch.entry import Origin
    from ranklens.answering import AnswerInProgress
    from ranklens.embedding import Embeddings
    from ranklens.reranking import Reranking


class UseCases(Records):
    """The use cases of one library, the same for page, command line and Python."""

    pipeline: Pipeline
    documents: Callable[..., list[Document]]

    def add(
        self,
        paths: str | PathLike[str] | Iterable[str | PathLike[str]],
        *,
        collection: str = "",
        password: str = "",
        on_progress: Callable[[IndexingProgress], None] | None = None,
        stop: threading.Event | None = None,
    ) -> list[FileOutcome]:
        """Add files, the files of folders, and documents at ``https://`` addresses; index them.

        Returns what became of each.

        A file that cannot be read is an outcome with the status ``failed`` and its reason; the
        others are added all the same. The same bytes are not added twice; a file of a known name
        but other bytes replaces the old version, in the same collections. ``collection`` is one
        that they are put into; without it, new ones are in the default. ``password`` opens
        encrypted PDF files and is not stored. ``stop`` ends the work after the current batch; what
        is left stays queued. Raises `LibraryError` if the work as a whole cannot go on, `NotThere`
        for an unknown collection.
        """
        from ranklens import adding

        if isinstance(paths, str | PathLike):
            paths = [paths]
        return adding.add_all(self, list(paths), password, on_progress, stop, collection)  # type: ignore[arg-type]

    def watch(
        self,
        folder: str | PathLike[str],
        *,
        collection: str = "",
        on_progress: Callable[[IndexingProgress], None] | None = None,
        stop: threading.Event | None = None,
    ) -> list[FileOutcome]:
        """Add a folder's files, index them, and have the folder watched from now on.

        While the page or the server runs, it is looked at every ``watch_seconds``: what is new or
        has changed is indexed, what is gone is removed. Its documents are put into ``collection``,
        those that come later too. Raises `LibraryError` if it is no folder, `NotThere` for an
        unknown collection.
        """
        from ranklens import adding, watching

        watching.watch(self, Path(folder), collection)  # type: ignore[arg-type]
        return adding.index_queued(self, on_progress, stop)  # type: ignore[arg-type]

    def search(
        self,
        question: str,
        *,
        documents: Iterable[str] = (),
        types: Iterable[str] = (),
        since: date | None = None,
        collection: str = "",
        origin: Origin = "python",
        stop: threading.Event | None = None,
        **settings: Any,
    ) -> Trace:
        """Rank the passages for a question; the trace holds every stage and no answer.

        Only the documents of ``collection`` are searched, as if the library held no others; without
        it those of the default one. ``documents`` (names, or parts that fit one name), ``types``
        (such as ``pdf``) and ``since`` (the day on which they were added) choose among them; an
        ``@name`` in the question takes the place of these three. ``settings`` are options that
        differ from the library's, such as ``reranker="none"`` or ``pool=100``. Raises `FilterError`
        if there is no such collection or no document fits, `SettingsError`, `LibraryError` if the
        collection has no document that is ready, and `RanklensError` once ``stop`` is set.
        """
        with self.index.one_version():
            within = self._pipeline(collection, documents, types, since, settings, stop)
            trace = within.search(question)
        self._log(trace, origin)
        return trace

    def ask(
        self,
        question: str,
        *,
        documents: Iterable[str] = (),
        types: Iterable[str] = (),
        since: date | None = None,
        collection: str = "",
        origin: Origin = "python",
        on_text: Callable[[str], None] | None = None,
        **settings: Any,
    ) -> Trace:
        """Search as `search` does and answer from the best passages; ``trace.answer`` is set.

        ``on_text`` gets the answer piece by piece as it is written. A model that fails is no
        exception: ``trace.answer.error`` is the reason, and the passages are there.
        """
        answering = self.start_answer(
            question, documents=documents, types=types, since=since, collection=collection,
            origin=origin, **settings,
        )  # fmt: skip
        for piece in answering:
            if on_text:
                on_text(piece)
        return answering.finish()

    def start_answer(
        self,
        question: str,
        *,
        documents: Iterable[str] = (),
        types: Iterable[str] = (),
        since: date | None = None,
        collection: str = "",
        history: Sequence[tuple[str, str]] = (),
        origin: Origin = "python",
        stop: threading.Event | None = None,
        **settings: Any,
    ) -> AnswerInProgress:
        """Search as `search` does and return the answer that begins: its pieces, and a way to stop.

        ``history`` are earlier questions and their answers, oldest first; a follow-up to them is
        rewritten. The question is logged by `AnswerInProgress.finish`. Once ``stop`` is set,
        ranking raises `RanklensError`.
        """
        from ranklens.answering import AnswerInProgress, search_in_conversation

        pipeline = self._pipeline(collection, documents, types, since, settings, stop)
        trace = (
            search_in_conversation(pipeline, question, history)
            if history
            else pipeline.search(question)
        )
        trace = pipeline.widen(trace)
        return AnswerInProgress(self, trace, pipeline.answer(trace), origin)

    def rerank(
        self,
        question: str,
        texts: Sequence[str],
        *,
        top: int | None = None,
        whole: bool = False,
        stop: threading.Event | None = None,
        **settings: Any,
    ) -> Reranking:
        """Rank texts of your own, which are in no library; return the best ``top``, else all.

        By the library's reranker, or another one (``reranker="maxsim"``). A reranker that fails
        raises `RerankError`. A text that is longer than the reranker reads is cut
        (`Reranking.cut`), or refused if ``whole`` texts are wanted. Blends use BM25 over these
        texts and no dense score. Raises `RanklensError` for too many or too long texts, and once
        ``stop`` is set.
        """
        from ranklens import reranking

        return reranking.rerank(
            self.pipeline, question, texts, top=top, whole=whole, stop=stop, **settings
        )

    def embed(
        self,
        texts: Sequence[str],
        *,
        questions: bool = False,
        stop: threading.Event | None = None,
    ) -> Embeddings:
        """Return unit vectors of texts by the library's encoder, as passages or as questions.

        Raises `RanklensError` for too many or too long texts, and once ``stop`` is set.
        """
        return self.embedder.embed(texts, questions, stop)

    def pipeline_in(self, collection: str = "") -> Pipeline:
        """Return the pipeline that asks within a collection; raises `FilterError`.

        Without a name it is the default one, or the only one that has documents.
        """
        from rag.retrieve.filters import EVERYTHING

        with self.index.one_version():
            self.refresh_settings()
            return self.pipeline.within(EVERYTHING.inside(self.collections.asked(collection)))

    def refresh_settings(self) -> None:
        """Let what other processes have saved hold, if they share this library."""
        from ranklens.saved_settings import refresh

        refresh(self)

    def _pipeline(
        self,
        collection: str,
        documents: Iterable[str],
        types: Iterable[str],
        since: date | None,
        settings: dict[str, Any],
        stop: threading.Event | None = None,
    ) -> Pipeline:
        from rag.retrieve.filters import chosen

        pipeline = self.pipeline_in(collection)
        collection = pipeline.asked_within.collection
        ready = self.collections.documents(collection).ready
        if not ready:
            raise LibraryError(self._nothing_to_ask(collection))
        pipeline = pipeline.with_settings(**settings) if settings else pipeline
        pipeline = pipeline.until(stop) if stop else pipeline
        within = chosen(ready, documents, types, since)
        return pipeline.within(within.inside(collection)) if within else pipeline

    def _nothing_to_ask(self, collection: str) -> str:
        others = [one for one in self.collections.names() if self.collections.documents(one).ready]
        if others:
            return (
                f"no document of the collection {collection!r} can be asked; there are some in "
                f"{', '.join(others)} (--collection NAME)"
            )
        return (
            f"no document in {self.settings.library} can be asked; add some with "
            "`ranklens ingest PATH…`"
        )

    def _log(self, trace: Trace, origin: Origin) -> None:
        from ranklens.monitoring import record

        record(self, trace, origin)
