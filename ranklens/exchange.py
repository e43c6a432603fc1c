"""Whole data sets in and out: documents, questions and judgements together.

In: a folder in BEIR's layout or the Hugging Face hub's, the same as a ZIP archive, an id of the
package ir_datasets. Out: a question set with its collection's passages and people's grades.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from threading import Event
from typing import IO, TYPE_CHECKING, Any

from ingest import datasets
from ingest.datasets import export, irds
from ingest.datasets.anchored import judgements_from, texts
from ingest.datasets.base import CorpusRow, Dataset, Gold
from ingest.datasets.export import FORMS, ExportedSet, Form
from ingest.files import clean_name
from ingest.loaders.zipped import open_zip
from rag.errors import DocumentError, NotThere, RanklensError
from rag.evaluate.judgements.files import encoded
from rag.evaluate.judgements.record import HIGHEST, LOWEST
from rag.text.plural import plural
from ranklens import adding, judged_sets

if TYPE_CHECKING:
    from ingest.progress import IndexingProgress
    from ranklens.library import Library

__all__ = ["FORMS", "Form"]

MOST_FILES = 100  # of an archive, or of an upload
KEPT = (".jsonl", ".jsonl.gz", ".parquet", ".tsv", ".tsv.gz")


@dataclass(frozen=True, slots=True)
class ImportedDataset:
    """A data set as a question set, asked within a collection; ``notes`` are what was lost."""

    name: str
    collection: str
    documents: int
    questions: int
    judgements: int
    notes: tuple[str, ...] = ()


def import_dataset(
    library: Library, source: str | Path, name: str = "", judge: str = "import",
    on_progress: Callable[[IndexingProgress], None] | None = None, stop: Event | None = None,
) -> ImportedDataset:  # fmt: skip
    """Add a data set's documents to a collection of its name, with its questions and judgements.

    ``source`` is a folder, a ZIP archive of one, or ``ir_datasets:ID``. Raises `RanklensError` that
    names every faulty row; nothing is added then. What was indexed before a stop stays, and the
    same call goes on.
    """
    with _dataset(library, source) as dataset:
        if not dataset.rows:
            raise RanklensError(
                f"{source} holds documents as files; add these, then import its questions"
            )
        called = " ".join(name.split()) or dataset.name
        named, notes = _add_rows(library, dataset.rows, called, on_progress, stop)
        if stop is not None and stop.is_set():
            raise RanklensError("stopped while documents were indexed; the same import goes on")
        there = {one.name for one in library.documents() if one.status == "ready"}
        golds, lost = _golds(dataset, {key: of for key, of in named.items() if of in there})
        made = judgements_from(golds, dataset.questions, texts(library.index.catalogue), judge)
        library.question_sets.put(called, dataset.questions, called)
        library.judgements.add(made)
    notes += (*lost, *dataset.notes)
    return ImportedDataset(
        called, called, len(set(named.values())), len(dataset.questions), len(made), tuple(notes)
    )


def _golds(dataset: Dataset, named: Mapping[str, str]) -> tuple[list[Gold], list[str]]:
    """Return the judgements of documents that are there, and what was lost, in words."""
    known = {question.id for question in dataset.questions}
    given = [
        (question, document, grade)
        for question, grades in (dataset.qrels or {}).items()
        for document, grade in grades.items()
    ]
    golds = [
        Gold(question, named[document], "", grade=min(max(grade, LOWEST), HIGHEST))
        for question, document, grade in given
        if question in known and document in named
    ]
    notes = []
    if lost := len(given) - len(golds):
        notes.append(f"{plural(lost, 'judgement')} of documents or questions that are not there")
    if cut := sum(not LOWEST <= grade <= HIGHEST for _, _, grade in given):
        notes.append(f"{plural(cut, 'grade')} cut to {LOWEST} to {HIGHEST}")
    return golds, notes


def _add_rows(
    library: Library, rows: Sequence[CorpusRow], name: str,
    on_progress: Callable[[IndexingProgress], None] | None, stop: Event | None,
) -> tuple[dict[str, str], list[str]]:  # fmt: skip
    """Queue rows as text files of a collection and index them; return row's id → document."""
    collection = library.collections.ensure(name)
    named: dict[str, str] = {}
    failed: list[str] = []
    taken: set[str] = set()
    for row in rows:
        if stop is not None and stop.is_set():
            return named, []
        document = clean_name(f"{name}/{encoded(row.id)}.txt")
        if document in taken:
            raise RanklensError(f"two documents would be called {document!r}")
        taken.add(document)
        data = "\n\n".join(filter(None, (row.title, row.text))).encode("utf-8", "replace")
        outcome = library.enqueue_upload(document, io.BytesIO(data), collection=collection)
        if outcome.status == "failed":
            failed.append(f"{outcome.name}: {outcome.reason}")
        elif outcome.status == "unchanged":
            digest = hashlib.sha256(data).hexdigest()
            named[row.id] = library.index.catalogue.documents(digest=digest)[-1].name
        else:
            named[row.id] = document
    refused = [
        one for one in adding.index_queued(library, on_progress, stop) if one.status == "failed"
    ]
    failed += [f"{one.name}: {one.reason}" for one in refused]
    gone = {one.name for one in refused}
    named = {key: document for key, document in named.items() if document not in gone}
    notes = []
    if failed:
        notes.append(f"{plural(len(failed), 'document')} not indexed, such as {failed[0]}")
    if same := len(named) - len(set(named.values())):
        notes.append(f"{plural(same, 'document has', 'documents have')} the text of another one")
    return named, notes


def export_dataset(library: Library, name: str) -> ExportedSet:
    """Return a question set with its collection's passages and people's grades, to be written.

    The corpus holds whole documents if whole documents were judged. Raises `NotThere`.
    """
    if name not in library.question_sets.names():
        raise NotThere(f"there is no question set {name!r}")
    judged = judged_sets.question_set(library, name, folders=False)
    ids = _ids(library, judged) if judged.unit == "passage" else {}
    qrels = tuple(
        (encoded(question), ids.get(item, encoded(item)), grade)
        for question, given in judged.grades.items()
        for item, grade in given.items()
    )
    questions = tuple(
        type(one)(encoded(one.id), one.text, one.kind, one.answer) for one in judged.questions
    )
    return ExportedSet(name, _corpus(library, judged), questions, qrels)


def export_folder(library: Library, name: str, folder: Path, form: Form = "beir") -> None:
    """Write a question set into a folder, which is made if need be."""
    found = export_dataset(library, name)

    def opened(path: str) -> IO[bytes]:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        return target.open("wb")

    export.write(found, form, opened)


def export_archive(library: Library, name: str, form: Form = "beir") -> bytes:
    """Return a question set as a ZIP archive."""
    return export.archive(export_dataset(library, name), form)


def _ids(library: Library, judged: judged_sets.JudgedSet) -> dict[str, str]:
    """Return passage's id → its id in the corpus, as qrels name it."""
    judged_items = {item for given in judged.grades.values() for item in given}
    found = library.index.catalogue.fetch(list(judged_items))
    return {key: _place(chunk) for key, chunk in found.items()}


def _place(chunk: Any) -> str:
    return f"{encoded(chunk.document)}#{chunk.start}-{chunk.end}"


def _corpus(library: Library, judged: judged_sets.JudgedSet) -> Iterator[Mapping[str, str]]:
    members = library.documents(judged.collection) if judged.collection else library.documents()
    for document in members:
        if document.status != "ready":
            continue
        if judged.unit == "document":
            text = library.text(document.name)
            yield {"_id": encoded(document.name), "title": document.name, "text": text}
            continue
        for chunk in library.chunks(document.name):
            title = " › ".join((document.name, *chunk.heading))
            yield {"_id": _place(chunk), "title": title, "text": chunk.text}


@contextmanager
def _dataset(library: Library, source: str | Path) -> Iterator[Dataset]:
    """Yield the data set of a folder, an archive or an id."""
    if irds.named(str(source)):
        yield irds.read(str(source))
        return
    path, most = Path(source).expanduser(), library.settings.max_file_mb
    if path.is_dir():
        yield datasets.read(path, most)
    elif path.suffix.lower() == ".zip" and path.is_file():
        with unpacked(path) as folder:
            yield datasets.read(folder, most)
    else:
        raise NotThere(f"{source} is neither a folder, a .zip file nor ir_datasets:ID")


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Yield a folder with the data files of an archive; names that lead out of it are left out.

    Raises `RanklensError` if the archive is damaged, too large, or has none.
    """
    with tempfile.TemporaryDirectory(prefix="ranklens-") as made:
        folder = Path(made) / (clean_name(path.stem).replace("/", "_") or "dataset")
        try:
            with open_zip(path) as files:
                for info in [one for one in files.infolist() if _wanted(one.filename)][:MOST_FILES]:
                    with files.open(info) as data:
                        put(folder, info.filename, data)
        except DocumentError as error:
            raise RanklensError(f"{path.name} is not read: {error}") from None
        if not folder.is_dir():
            raise RanklensError(f"{path.name} holds no file that ends in {', '.join(KEPT)}")
        yield folder


def put(folder: Path, name: str, data: IO[bytes]) -> Path:
    """Write a file of a data set under the last part of its name and of its folder's."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    inner = parts[-2] if len(parts) > 1 and parts[-2] in ("corpus", "queries", "qrels") else ""
    last = (parts[-1] if parts else "").lstrip("./") or "unnamed"
    path = folder / inner / last
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        shutil.copyfileobj(data, out)
    return path


@contextmanager
def uploaded(uploads: Sequence[tuple[str, IO[bytes]]]) -> Iterator[Path]:
    """Yield the folder, or the archive, that uploaded files are, which are (name, content)."""
    with tempfile.TemporaryDirectory(prefix="ranklens-") as made:
        folder = Path(made) / "dataset"
        paths = [put(folder, name, data) for name, data in uploads[:MOST_FILES]]
        yield paths[0] if len(paths) == 1 and paths[0].suffix.lower() == ".zip" else folder


def _wanted(name: str) -> bool:
    return name.lower().endswith(KEPT) and bool(PurePosixPath(name).name.lstrip("."))
