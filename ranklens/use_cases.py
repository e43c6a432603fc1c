"""What people do with a library: add documents, search, ask, judge, compare."""

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
    from rag.evaluate.judgements.record import Judgement
    from rag.evaluate.measures.figures import Figures
    from rag.pipeline import Pipeline
    from rag.store.catalogue import Document
    from rag.types import Chunk, Trace
    from rag.watch.entry import Origin
    from ranklens.advising import Advice, AdviceWishes
    from ranklens.answering import AnswerInProgress
    from ranklens.comparing import SideBySide
    from ranklens.embedding import Embeddings
    from ranklens.fitting import Fit
    from ranklens.learning import LearningReport
    from ranklens.reranking import Reranking
    from ranklens.sweeping import SweepOutcome, SweepWishes
    from ranklens.tuning import TuningReport, TuningWishes


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

    def judge(
        self, question: str, passage: Chunk, grade: int, *, judge: str = "me", note: str = ""
    ) -> Judgement:
        """Keep a judge's grade of a passage: 0 (not relevant) to 3 (answers the question).

        It takes the place of an earlier grade of the same judge. Raises `RanklensError` if the
        grade is not one of these, or the passage is not in its document any more.
        """
        return self.judgements.grade(question, passage, grade, judge, note)

    def compare(
        self,
        question: str,
        pipelines: Iterable[str],
        *,
        collection: str = "",
        one_pool: bool = False,
        answers: bool = False,
        stop: threading.Event | None = None,
    ) -> SideBySide:
        """Ask a question of several pipelines and return their rankings side by side.

        A pipeline is a reranker's name, a saved pipeline, or options written out, such as
        ``pool=100,reranker=none`` or ``wide:pool=100`` to give them a name. They search the
        documents of ``collection``, without it those of the default one. With ``one_pool`` all of
        them rank what the first one retrieves; ``answers`` has each write an answer too. A
        pipeline that fails is a side with a ``problem``. Raises `SettingsError` for a pipeline
        that is not known, and `RanklensError` once ``stop`` is set.
        """
        from ranklens import comparing

        found = comparing.resolve(self.settings, list(pipelines), owner=True)
        pipeline = self.pipeline_in(collection)
        return comparing.compare(pipeline, found, question, one_pool, answers, stop=stop)

    def measure(
        self,
        questions: str | PathLike[str] | Iterable[str],
        pipelines: Iterable[str] = (),
        *,
        collection: str = "",
        one_pool: bool = False,
        answers: bool = False,
        on_progress: Callable[[int, int], None] | None = None,
        stop: threading.Event | None = None,
    ) -> Figures:
        """Measure what each stage of each pipeline gains on judged questions, with intervals.

        ``questions`` is the name of a question set, a folder (BEIR's layout, or documents with
        questions; it gets a library of its own), or the questions themselves, judged with `judge`.
        A question set is asked of its own collection unless another ``collection`` is named.
        Pipelines are named as in `compare`; without any the current settings are measured.
        ``on_progress`` gets (questions done, questions in all). Raises `LibraryError` if there is
        no such set, and `RanklensError` if no question is judged or once ``stop`` is set.
        """
        from ranklens import judged_sets, measuring

        found = measuring.resolve(self.settings, list(pipelines), owner=True)
        with judged_sets.judged_set(self, questions, stop, collection) as judged:  # type: ignore[arg-type]
            return measuring.figures_of(
                measuring.measure(
                    judged, found, one_pool=one_pool, answers=answers,
                    on_progress=on_progress, stop=stop,
                )
            )  # fmt: skip

    def fit(
        self,
        questions: str | PathLike[str] | Iterable[str],
        pipeline: str = "current",
        *,
        collection: str = "",
        blend: bool = False,
        stop: threading.Event | None = None,
    ) -> Fit:
        """Fit fusion weights, the score threshold and when to refuse; nothing is changed.

        Half of the judged questions choose, the other half shows what the choice is worth.
        ``blend`` fits the weights of a hybrid reranker too. `Fit.parts` has the chosen options,
        to be given to `ask` or kept in ranklens.toml. Raises `RanklensError` for fewer than four
        judged questions.
        """
        from ranklens import fitting, judged_sets, measuring

        (options,) = measuring.resolve(self.settings, [pipeline], owner=True).values()
        with judged_sets.judged_set(self, questions, stop, collection) as judged:  # type: ignore[arg-type]
            return fitting.fit(judged, options, blend=blend, stop=stop)

    def advise(
        self,
        questions: str | PathLike[str] | Iterable[str],
        wishes: AdviceWishes | None = None,
        *,
        collection: str = "",
        on_progress: Callable[[int, int], None] | None = None,
        stop: threading.Event | None = None,
    ) -> Advice:
        """Measure rerankers at several pool sizes, and advise whether reranking is worth it here.

        ``questions`` as in `measure`; ``wishes`` names rerankers, pools, a time budget and a
        volume. Raises `RanklensError` if no question is judged or no reranker can rank.
        """
        from ranklens import advising, judged_sets

        with judged_sets.judged_set(self, questions, stop, collection) as judged:  # type: ignore[arg-type]
            wanted = wishes or advising.AdviceWishes()
            return advising.advice(judged, wanted, on_progress=on_progress, stop=stop)

    def sweep(
        self,
        questions: str | PathLike[str] | Iterable[str],
        wishes: SweepWishes,
        *,
        collection: str = "",
        on_progress: Callable[[int, int, str], None] | None = None,
        stop: threading.Event | None = None,
    ) -> SweepOutcome:
        """Try options on half of the judged questions, and test the best ones on the other half.

        ``questions`` as in `measure`; ``wishes`` names options and values. The same call goes on
        where it was stopped. Raises `RanklensError` if too few questions are judged.
        """
        from ranklens import judged_sets, sweeping

        with judged_sets.judged_set(self, questions, stop, collection) as judged:  # type: ignore[arg-type]
            return sweeping.sweep(judged, wishes, owner=True, on_progress=on_progress, stop=stop)

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

    def learn(
        self,
        questions: str | PathLike[str] | Iterable[str],
        pipeline: str = "current",
        *,
        others: Iterable[str] = (),
        collection: str = "",
        stop: threading.Event | None = None,
    ) -> LearningReport:
        """Learn a reranker from judged questions and compare it with a pipeline.

        The scores of ``others``, rerankers of this machine, are weighed too. The version is kept
        and used by nobody: `ranklens.learning.adopt` has it rank if its gain on questions that it
        was not learned from is shown. Raises `RanklensError` for fewer than twenty judged
        questions.
        """
        from ranklens import judged_sets, learning, measuring

        (options,) = measuring.resolve(self.settings, [pipeline], owner=True).values()
        with judged_sets.judged_set(self, questions, stop, collection) as judged:  # type: ignore[arg-type]
            return learning.learn(judged, options, others=list(others), stop=stop)

    def tune(
        self,
        questions: str | PathLike[str] | Iterable[str],
        wishes: TuningWishes | None = None,
        pipeline: str = "current",
        *,
        collection: str = "",
        on_progress: Callable[[int, int, str], None] | None = None,
        stop: threading.Event | None = None,
    ) -> TuningReport:
        """Tune a cross-encoder on judged questions and compare it with a pipeline.

        The version is kept and used by nobody: `ranklens.tuning.adopt` has it rank if its gain on
        questions that it was not tuned on is shown. Needs the extra ``train``. Raises
        `RanklensError` for fewer than twenty judged questions, `ModelError` without a model.
        """
        from ranklens import judged_sets, measuring, tuning

        (options,) = measuring.resolve(self.settings, [pipeline], owner=True).values()
        with judged_sets.judged_set(self, questions, stop, collection) as judged:  # type: ignore[arg-type]
            return tuning.tune(judged, options, wishes, on_progress=on_progress, stop=stop)

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
