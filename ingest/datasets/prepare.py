"""A dataset's own library, and which of its items are relevant."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from ingest.datasets.base import Dataset, Gold
from ingest.datasets.rows import index_rows
from ingest.documents import Documents
from ingest.files import clean_name
from ingest.progress import IndexingProgress
from rag.errors import LibraryError
from rag.evaluate.data import Grades
from rag.evaluate.judgements.anchors import locate, overlaps
from rag.evaluate.judgements.spans import JudgedSpan, distinct
from rag.settings import Settings
from rag.text.plural import plural

FOLDER = "evaluations"


def work_folder(settings: Settings, dataset: Dataset) -> Path:
    """Return the folder of the dataset's own library: beside the user's, never in it."""
    return settings.library / FOLDER / clean_name(dataset.name).replace("/", "_")


def fill(
    library: Documents,
    dataset: Dataset,
    on_progress: Callable[[IndexingProgress], None] | None = None,
    stop: threading.Event | None = None,
) -> bool:
    """Index what is not there yet and drop what is no more; False if it was stopped.

    Raises `LibraryError` if a document cannot be read: its questions could not be answered.
    """
    if dataset.rows:
        return index_rows(library, dataset.rows, on_progress, stop)
    names = {clean_name(path.name) for path in dataset.files}
    for document in library.documents():
        if document.name not in names:
            library.remove(document.name)
    failed = [o for path in dataset.files if (o := library.enqueue(path)).status == "failed"]
    failed += [o for o in library.work(on_progress, stop) if o.status == "failed"]
    if failed:
        reasons = "; ".join(f"{outcome.name}: {outcome.reason}" for outcome in failed)
        raise LibraryError(f"{plural(len(failed), 'document')} cannot be read: {reasons}")
    if problem := library.progress().problem:
        raise LibraryError(f"the work came to a halt: {problem}")
    return stop is None or not stop.is_set()


def grades_for(library: Documents, dataset: Dataset) -> tuple[Grades, tuple[str, ...]]:
    """Return question → item → grade, and notes about it.

    If documents are judged, the item is the document. Otherwise each quote is found in its
    document's extracted text, and every chunk that shares at least half of the shorter of the two
    gets its grade.
    """
    if dataset.qrels is not None:
        return dataset.qrels, dataset.notes
    grades: dict[str, dict[str, int]] = {}
    lost: list[str] = []
    for name, golds in _by_document(dataset).items():
        text, chunks = library.text(name), library.chunks(name)
        for gold in golds:
            span = locate(gold.quote, text, gold.start, loose=True)
            if span is None:
                lost.append(f"{gold.question} ({name})")
                continue
            found = grades.setdefault(gold.question, {})
            for chunk in chunks:
                if overlaps(span, (chunk.start, chunk.end)):
                    found[chunk.id] = max(gold.grade, found.get(chunk.id, 0))
    return grades, (*dataset.notes, *_notes(lost))


def spans_for(library: Documents, dataset: Dataset) -> dict[str, tuple[JudgedSpan, ...]]:
    """Return question → the relevant spans of the documents' texts; lost quotes are left out.

    If documents are judged, these are whole documents.
    """
    if dataset.qrels is not None:
        whole = {
            question: [JudgedSpan(name, 0, 0, grade) for name, grade in items.items()]
            for question, items in dataset.qrels.items()
        }
        return {question: distinct(spans) for question, spans in whole.items()}
    found: dict[str, list[JudgedSpan]] = {}
    for name, golds in _by_document(dataset).items():
        text = library.text(name)
        for gold in golds:
            if span := locate(gold.quote, text, gold.start, loose=True):
                found.setdefault(gold.question, []).append(JudgedSpan(name, *span, gold.grade))
    return {question: distinct(spans) for question, spans in found.items()}


def _by_document(dataset: Dataset) -> dict[str, list[Gold]]:
    by_document: dict[str, list[Gold]] = {}
    for gold in dataset.golds:
        by_document.setdefault(clean_name(gold.document), []).append(gold)
    return by_document


def _notes(lost: list[str]) -> tuple[str, ...]:
    if not lost:
        return ()
    named = ", ".join(lost[:5]) + (" …" if len(lost) > 5 else "")
    quotes = plural(len(lost), "quote is", "quotes are")
    return (f"{quotes} not in the extracted text of the documents: {named}",)
