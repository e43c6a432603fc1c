"""Question sets: from files, from what was written or asked, and from what a model writes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from threading import Event
from typing import IO, TYPE_CHECKING

from ingest.datasets import questions as files
from ingest.datasets.anchored import judgements_from, texts
from ingest.datasets.beir import there as in_layout
from rag.errors import LibraryError, NotThere, RanklensError
from rag.evaluate.data import Question
from rag.evaluate.judgements import question_writer
from rag.evaluate.judgements.question_writer import QuestionsWritten, WrittenQuestion
from rag.evaluate.judgements.record import same_words
from rag.llm.client import configured
from rag.settings import Settings

if TYPE_CHECKING:
    from ranklens.library import Library

__all__ = ["Question", "QuestionsWritten", "WrittenQuestion"]

MOST = 2_000


@dataclass(frozen=True, slots=True)
class ImportedSet:
    """A question set that was stored, with how many questions and judgements."""

    name: str
    questions: int
    judgements: int


def import_questions(
    library: Library, path: Path, name: str = "", judge: str = "import", collection: str = ""
) -> ImportedSet:
    """Store a file or a BEIR folder as a question set, its quotes as judgements.

    Without a name the set is called as the file. Its questions are asked within ``collection``.
    Raises `RanklensError` that names every faulty
    row; nothing is stored then.
    """
    name = " ".join(name.split()) or path.name.split(".")[0]
    held, golds = files.read(path, library.settings.max_file_mb)
    made = judgements_from(golds, held, texts(library.index.catalogue), judge)
    library.question_sets.put(name, held, collection)
    library.judgements.add(made)
    return ImportedSet(name, len(held), len(made))


def import_uploads(
    library: Library, uploads: Sequence[tuple[str, IO[bytes]]], name: str = "", collection: str = ""
) -> ImportedSet:
    """Store a question set from uploaded files, which are (name, content).

    One file is CSV, JSON Lines or TREC topics; several are a folder in BEIR's layout. Raises
    `RanklensError` as `import_questions` does.
    """
    name = name or PurePath(uploads[0][0]).name.split(".")[0]
    with tempfile.TemporaryDirectory(prefix="ranklens-") as made:
        folder = Path(made)
        paths = [_put(folder, file_name, data) for file_name, data in uploads]
        beir = len(paths) > 1 and in_layout(folder)
        try:
            source = folder if beir else paths[0]
            return import_questions(library, source, name, collection=collection)
        except RanklensError as error:
            raise RanklensError(str(error).replace(f"{folder}/", "")) from None


def asked_questions(library: Library) -> dict[str, int]:
    """Return what was asked and how often: the log, then what conversations hold besides."""
    found = dict(library.question_log.questions())
    return found | {one: 1 for one in library.conversations.searched() if one not in found}


def known_questions(library: Library) -> list[str]:
    """Return the words of the questions of all sets, then of those that were asked."""
    sets = library.question_sets
    of_sets = [q.text for name in sets.names() for q in sets.questions(name)]
    every = map(same_words, (*of_sets, *library.conversations.searched()))
    return list(dict.fromkeys(every))[:MOST]


def question_after(library: Library, question: str) -> str | None:
    """Return the known question after this one, None after the last and after an unknown one."""
    held = known_questions(library)
    at = held.index(question) + 1 if question in held else len(held)
    return held[at] if at < len(held) else None


def write_questions(
    library: Library, settings: Settings, document: str, count: int,
    on_progress: Callable[[int, int], None], stop: Event,
) -> QuestionsWritten:  # fmt: skip
    """Let the model of ``settings`` write questions from a document; nothing is kept yet.

    Raises `LibraryError` if the document is not there.
    """
    model = configured(settings)
    if not any(one.name == document and one.status == "ready" for one in library.documents()):
        raise LibraryError(f"there is no document {document!r} that can be read in the library")
    chunks = library.chunks(document)
    return question_writer.write_questions(model, chunks, count, on_progress, stop)


def delete(library: Library, name: str) -> None:
    """Delete a set, not the judgements of its questions; raises `NotThere` if there is none."""
    if not library.question_sets.delete(name):
        raise NotThere(f"there is no question set {name!r}")


def keep_drafts(
    library: Library,
    name: str,
    drafts: QuestionsWritten,
    chosen: Sequence[WrittenQuestion],
    collection: str = "",
) -> tuple[str, int]:
    """Add a model's questions to a set, their quotes as its judgements; returns name and number."""
    new = (Question("", one.question, "written", one.answer) for one in chosen)
    kept = library.question_sets.add(name, new, collection)
    digests = {document.name: document.digest for document in library.documents()}
    library.judgements.add(
        one.judgement(drafts.model, digests.get(one.document, "")) for one in chosen
    )
    return kept


def _put(folder: Path, name: str, data: IO[bytes]) -> Path:
    """Write one uploaded file under the last part of its name; qrels go where BEIR has them."""
    last = PurePath(name.replace("\\", "/")).name.lstrip(".") or "questions.txt"
    path = folder / ("qrels.tsv" if last.endswith(".tsv") else last)
    path.write_bytes(data.read())
    return path
