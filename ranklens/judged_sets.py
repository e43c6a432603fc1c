"""Judged sets: questions of an open library, and what is relevant to them as people judge now.

They are a question set of the library, questions themselves, or a folder (in BEIR's layout, or
documents with questions), which gets a library of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from os import PathLike
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from ingest import datasets
from ingest.datasets import irds, prepare
from rag.errors import NotThere, SettingsError
from rag.evaluate.data import Grades, Question, Unit
from rag.evaluate.measures.answers import unanswerable
from rag.evaluate.progress import Interrupted
from rag.settings import Settings

if TYPE_CHECKING:
    from ingest.progress import IndexingProgress
    from rag.evaluate.judgements.spans import Spans
    from rag.evaluate.judgements.store import JudgementStore
    from rag.pipeline import Pipeline
    from ranklens.library import Library


@dataclass(frozen=True, slots=True)
class JudgedSet:
    """Questions to be asked of an open library, and what is relevant to them.

    ``grades`` is question id → item → grade; ``unit`` is what an item is. ``notes`` are what was
    lost on the way, in words. ``collection`` is the one whose documents are asked; a folder's
    library is asked as a whole.
    """

    name: str
    library: Library
    questions: tuple[Question, ...]
    grades: Grades
    unit: Unit
    notes: tuple[str, ...]
    collection: str = ""
    judged_spans: Callable[[], Spans] | None = None

    @property
    def spans(self) -> Spans:
        """The relevant spans of the documents' texts, which hold for any chunking.

        Worked out anew at each call: a folder's from its quotes, else from people's judgements.
        """
        if self.judged_spans:
            return self.judged_spans()
        held = self.library.judgements.spans([question.text for question in self.questions])
        return {q.id: held[q.text] for q in self.questions if q.text in held}

    @property
    def pipeline(self) -> Pipeline:
        """What the questions are asked of."""
        if not self.collection:
            return self.library.pipeline
        return self.library.pipeline_in(self.collection)

    @property
    def languages(self) -> tuple[str, ...] | None:
        """The languages of the collection's documents, frequent first; None for all documents."""
        if not self.collection:
            return None
        return self.library.collections.documents(self.collection).languages

    @property
    def judged(self) -> list[Question]:
        """The questions with a relevant item; only these can be measured."""
        return [q for q in self.questions if any(g > 0 for g in self.grades.get(q.id, {}).values())]

    @property
    def unanswerable(self) -> list[Question]:
        """The questions that the set marks as unanswerable and that nothing is relevant to."""
        judged = {question.id for question in self.judged}
        return [q for q in self.questions if unanswerable(q) and q.id not in judged]


@contextmanager
def opened_set(
    open_library: Callable[..., Library],
    settings: Settings,
    source: str,
    *,
    work: Path | None = None,
    limit: int | None = None,
    on_indexing: Callable[[IndexingProgress], None] | None = None,
    stop: Event | None = None,
    collection: str = "",
) -> Iterator[JudgedSet]:
    """Open the library that ``source`` is measured on, a folder or the name of a question set.

    ``open_library`` is `Library.open`. A folder is indexed in a library of its own (``work``, else
    beside the user's), which is kept and reused. ``limit`` takes the first questions only. A
    question set is asked of its own collection unless another one is named. Raises
    `Interrupted` if ``stop`` is set while documents are indexed, `NotThere` if there is no
    such folder or set.
    """
    if _is_folder(source):
        with _folder_set(open_library, settings, source, work, limit, on_indexing, stop) as judged:
            yield judged
        return
    if work:
        raise SettingsError("--work is for folders; a question set uses the library")
    with open_library(settings, create=False) as library:
        yield question_set(library, source, limit, collection=collection)


@contextmanager
def _folder_set(
    open_library: Callable[..., Library],
    settings: Settings,
    source: str,
    work: Path | None,
    limit: int | None,
    on_indexing: Callable[[IndexingProgress], None] | None,
    stop: Event | None,
) -> Iterator[JudgedSet]:
    dataset = datasets.read_source(source, settings.max_file_mb).limited(limit)
    folder = work.expanduser().absolute() if work else prepare.work_folder(settings, dataset)
    # One that was indexed with another encoder or other chunks is indexed again.
    own = settings.updated(library=folder, database_url="", files_url="", chroma_url="")
    with open_library(own, reindex=True) as library:
        if not prepare.fill(library, dataset, on_indexing, stop):
            raise Interrupted("stopped while documents were indexed")
        grades, notes = prepare.grades_for(library, dataset)
        yield JudgedSet(
            dataset.name, library, dataset.questions, grades, dataset.unit, notes,
            judged_spans=partial(prepare.spans_for, library, dataset),
        )  # fmt: skip


def question_set(
    library: Library,
    name: str,
    limit: int | None = None,
    folders: bool = True,
    collection: str = "",
) -> JudgedSet:
    """Return a question set of the library with people's judgements as they are now.

    ``folders``: the name might have been that of a folder; the error mentions it. Its own
    collection is asked unless another one is named; raises `FilterError` if that is not there.
    """
    names = library.question_sets.names()
    if name not in names:
        there = ", ".join(names) or "none"
        raise NotThere(
            f"{name!r} is {'neither a folder nor a' if folders else 'no'} question set of "
            f"{library.settings.library} (there are {there})"
        )
    questions = library.question_sets.questions(name)[:limit]
    grades, unit, notes = graded(library, questions)
    asked = library.collections.asked(collection or library.question_sets.collection_of(name))
    return JudgedSet(name, library, questions, grades, unit, notes, asked)


def own_questions(
    library: Library,
    questions: str | Sequence[str],
    limit: int | None = None,
    collection: str = "",
) -> JudgedSet:
    """Return a set of the library by its name, or the questions themselves, judged as they are now.

    No folder is read, so it suits those who may not open any. Raises `NotThere`.
    """
    if isinstance(questions, str):
        return question_set(library, questions, limit, False, collection)
    asked = tuple(Question(f"q{n}", text) for n, text in enumerate(questions[:limit], 1))
    within = library.collections.asked(collection)
    return JudgedSet("questions", library, asked, *graded(library, asked), within)


@contextmanager
def judged_set(
    library: Library,
    questions: str | PathLike[str] | Iterable[str],
    stop: Event | None = None,
    collection: str = "",
) -> Iterator[JudgedSet]:
    """Yield a question set of the library, a folder's, or one of the questions themselves."""
    if isinstance(questions, str | PathLike):
        source = str(questions)
        if source in library.question_sets.names() or not _is_folder(source):
            yield question_set(library, source, collection=collection)
        else:
            with opened_set(type(library).open, library.settings, source, stop=stop) as judged:
                yield judged
        return
    yield own_questions(library, list(questions), collection=collection)


def _is_folder(source: str) -> bool:
    return irds.named(source) or "/" in source or Path(source).expanduser().is_dir()


def graded(
    library: Library, questions: tuple[Question, ...], blind: bool = False
) -> tuple[Grades, Unit, tuple[str, ...]]:
    """Return (question id → item → grade, what an item is, notes) as people have judged so far.

    ``blind``: without proposals that they accepted.
    """
    return _graded(version(library), library.judgements, questions, blind)


@lru_cache(maxsize=8)
def _graded(
    _version: int, store: JudgementStore, questions: tuple[Question, ...], blind: bool
) -> tuple[Grades, Unit, tuple[str, ...]]:
    """Read once for each version: the pages ask again with every click."""
    qrels = store.qrels([question.text for question in questions], blind=blind)
    found = {q.id: dict(qrels.grades[q.text]) for q in questions if q.text in qrels.grades}
    return found, qrels.unit, qrels.notes


def version(library: Library) -> int:
    """Return what changes with every judgement, document and reader: for what is kept meanwhile."""
    documents = tuple((one.id, one.digest) for one in library.index.catalogue.ready())
    return hash((library.reader, library.judgements.version(), documents))
