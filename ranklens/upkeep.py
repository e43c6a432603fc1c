"""Jobs that add to a library or look after it, in the background.

Each raises `LibraryError` while another job of the library runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import PurePath
from typing import IO, TYPE_CHECKING

from rag.errors import LibraryError
from rag.evaluate.progress import advance
from ranklens import exchange, folders, models, samples, speeds
from ranklens.job_kinds import ADD, IMPORT, PULL, REBUILD, SAMPLES, SPEED, VERIFY, start
from ranklens.jobs import Job

if TYPE_CHECKING:
    from ingest.progress import FileOutcome, IndexingProgress
    from rag.store.verifying import IndexReport
    from ranklens.library import Library


def pull(library: Library, name: str) -> Job:
    """Download a model from the hub; the result is its full name."""

    def work(job: Job) -> str:
        def report(_model: str, progress: models.Progress) -> None:
            job.advance(progress.done, progress.total)

        return models.pull(name, report, job.stop)[0]

    return start(library, PULL, f"Downloading {name}", work, "bytes")


def add_folder(library: Library, folder: str, password: str = "", collection: str = "") -> Job:
    """Queue the files of a folder that the owner allows; the result is each file's outcome.

    They are put into ``collection``, if it is named. Raises `NotThere` if the owner does not, or if
    there is no such collection.
    """
    folders.root_of(library.settings, folder)
    if collection:
        library.collections.id_of(collection)

    def work(job: Job) -> list[FileOutcome]:
        return folders.add_folder(library, folder, password, job.advance, job.stop, collection)

    return start(library, ADD, f"Adding the folder {PurePath(folder).name}", work, "files")


def verify(library: Library) -> Job:
    """Check the indexes against the catalogue; the result is an `IndexReport`."""

    def work(job: Job) -> IndexReport:
        return library.verify(
            lambda done, total: advance(done, total, "searches", job.advance, job.stop)
        )

    return start(library, VERIFY, "Checking the indexes", work, "searches")


def rebuild(library: Library) -> Job:
    """Make the indexes again from the catalogue, to the end; the result is an `IndexReport`."""

    def work(job: Job) -> IndexReport:
        return library.rebuild(job.advance)

    return start(library, REBUILD, "Making the indexes again", work, "chunks")


def measure_speeds(library: Library, names: Sequence[str]) -> Job:
    """Measure how fast models are on this machine; the result has each model's `ModelSpeed`."""

    def work(job: Job) -> dict[str, speeds.ModelSpeed]:
        found = {}
        for done, name in enumerate(names):
            job.advance(done, len(names))
            found[name] = speeds.measure(library.settings, name, job.stop)
        return found

    made_of = {"names": list(names)}
    return start(library, SPEED, "Measuring speed", work, "models", made_of)


def add_samples(library: Library) -> Job:
    """Add the sample library, its documents first; the result is how many were added."""

    def work(job: Job) -> int:
        outcomes = samples.add_documents(library, stop=job.stop)
        if not job.stop.is_set():
            samples.add_questions(library)
        return len(outcomes)

    return start(library, SAMPLES, "Adding the sample library", work, "documents", {})


def import_dataset(
    library: Library, uploads: Sequence[tuple[str, IO[bytes]]], name: str = ""
) -> Job:
    """Add a data set from uploaded files, (name, content); the result is an `ImportedDataset`.

    Without a name it is called as the archive, or as the first file.
    """
    called = " ".join(name.split()) or PurePath(uploads[0][0]).name.split(".")[0] or "dataset"
    held = ExitStack()
    path = held.enter_context(exchange.uploaded(uploads))

    def work(job: Job) -> exchange.ImportedDataset:
        def report(progress: IndexingProgress) -> None:
            job.advance(progress.documents_done, progress.documents_total)

        with held:
            return exchange.import_dataset(library, path, called, on_progress=report, stop=job.stop)

    try:
        return start(library, IMPORT, f"Importing {called}", work, "documents")
    except LibraryError:
        held.close()
        raise
