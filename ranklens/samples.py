"""The sample library: a folder of documents with questions, added as a collection of its own."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from ranklens import adding
from ranklens.question_sets import import_questions

if TYPE_CHECKING:
    from ingest.progress import FileOutcome
    from ranklens.library import Library

FOLDER = Path(__file__).parents[1] / "sample_docs"  # of the repository; an installed one has none
QUESTIONS = "questions.jsonl"


def offered(library: Library) -> bool:
    """Return whether the sample library is here and the library is empty."""
    return FOLDER.is_dir() and not library.documents()


def name_of(folder: Path) -> str:
    """Return the name of the collection, and of the question set, that a folder becomes."""
    return folder.resolve().name


def add_documents(
    library: Library,
    folder: Path = FOLDER,
    on_progress: adding.Report | None = None,
    stop: threading.Event | None = None,
) -> list[FileOutcome]:
    """Add the documents of a folder to the collection of its name; return what became of each."""
    collection = library.collections.ensure(name_of(folder))
    # `add_questions` reads this one, with quotes or without.
    files = [file for file in adding.find([folder]) if file.name != QUESTIONS]
    return adding.add(library, files, "", on_progress, stop, collection=collection)


def add_questions(library: Library, folder: Path = FOLDER) -> None:
    """Store the folder's questions, to be asked within its collection.

    Their quotes become judgements, so its documents must be indexed. Raises `RanklensError` that
    names every faulty row.
    """
    name, questions = name_of(folder), folder / QUESTIONS
    if questions.is_file():
        import_questions(library, questions, name, name, name)
