"""`Library`: one folder of documents, opened and closed.

`ranklens.evaluation_use_cases` and `ranklens.use_cases` have what it can do.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from types import TracebackType
from typing import Any, Self

from ingest.documents import Documents
from rag.errors import LibraryMismatch, RanklensError
from rag.models.encoder import Encoder
from rag.models.load import load_encoder
from rag.pipeline import Pipeline
from rag.settings import Settings
from rag.store.catalogue import Catalogue
from rag.store.derived import reset
from rag.store.index import Index
from rag.store.jobs import JobLog
from rag.store.owner import Owner
from rag.store.private import make_private
from rag.store.protocol import Store
from rag.store.room import storage_error
from ranklens.catalogues import check_there_is_one
from ranklens.evaluation_use_cases import EvaluationUseCases
from ranklens.jobs import Jobs
from ranklens.same_encoder import check_same
from ranklens.saved_settings import apply
from ranklens.watching import Watcher

WARM_UP_SECONDS = 30.0  # the longest that closing waits for the warm-up
JOB_SECONDS = 10.0  # and for a job that was asked to stop


class Library(Documents, EvaluationUseCases):
    """A library of documents, open in this process; `ranklens.open` opens one.

    It owns its folder for as long as it is open, unless it is in a database, which other processes
    use too. It is safe to use from several threads.
    """

    def __init__(
        self, settings: Settings, owner: Owner | None, encoder: Encoder, index: Store
    ) -> None:
        super().__init__(settings, encoder, index)
        self.pipeline = Pipeline(index, encoder, settings)
        self.jobs = Jobs(JobLog(index.catalogue.engine))
        self._owner = owner
        self._warming: threading.Thread | None = None
        self._watcher = Watcher(self)

    @classmethod
    def open(
        cls,
        settings: Settings,
        *,
        create: bool = True,
        reindex: bool = False,
        rebuild: bool = False,
        command: str = "",
    ) -> Self:
        """Open the library at ``settings.library``; one is created if there is none.

        Without ``create`` a folder without a library is an error, so that a mistyped name creates
        nothing. ``reindex`` accepts a library that was indexed with other settings: all its
        documents are queued again. ``command`` is what another process is shown as the library's
        user. ``rebuild`` makes damaged indexes again from the catalogue.
        Raises `LibraryError`, `LibraryInUse`, `LibraryMismatch`, `StorageError`, `ModelError`, or
        `ProviderError` if a server is to encode and cannot be used.
        """
        shared = bool(settings.database_url)
        if not create:
            check_there_is_one(settings)
        with _explained(), ExitStack() as undo:
            owner = None if shared else Owner(settings.library, command)
            if owner:
                undo.callback(owner.release)
            encoder = load_encoder(settings)
            facts = {"revision": encoder.revision, "dimension": encoder.dimension}
            try:
                index = _store_of(settings, encoder, facts, rebuild)
            except LibraryMismatch:
                if not reindex:
                    raise
                _reset(settings, facts)
                index = _store_of(settings, encoder, facts)
            undo.callback(index.close)
            library = cls(settings, owner, encoder, index)
            make_private(settings.library)
            apply(library)
            if settings.has_accounts:
                library.judgements.part()
            undo.pop_all()
        return library

    def warm_up(self, then: Callable[[], None] = lambda: None) -> None:
        """Load models and indexes in the background, before the first question needs them.

        ``then`` is called when that is done, in the same thread.
        """
        self._warming = threading.Thread(
            target=self._search_once, args=(then,), name="warm up", daemon=True
        )
        self._warming.start()

    def _search_once(self, then: Callable[[], None]) -> None:
        with suppress(RanklensError):
            self.pipeline.search("warm up")
            if not self.collections.documents(last := self.collections.last()).all:
                self.pipeline_in(last).search("warm up")
        then()

    def start_worker(self) -> None:
        """Index in the background, as `Documents.start_worker` does, and watch the folders."""
        super().start_worker()
        self._watcher.start()

    def remove_all(self, names: Sequence[str]) -> list[str]:
        """Remove documents; return those of the names that there were.

        With accounts their judgements do not go over to later documents of these names.
        """
        removed = super().remove_all(names)
        if removed and self.settings.has_accounts:
            self.judgements.part()
        return removed

    def close(self) -> None:
        """Stop what is running, save, and give the folder back."""
        # Indexes that are closed while something reads them crash the process.
        if self._warming:
            self._warming.join(WARM_UP_SECONDS)
        self._watcher.close()
        self.jobs.close(JOB_SECONDS)
        self.pipeline.close()
        super().close()
        make_private(self.settings.library)
        if self._owner:
            self._owner.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _store_of(
    settings: Settings, encoder: Encoder, facts: Mapping[str, Any], rebuild: bool = False
) -> Store:
    """Open the store; raises `LibraryMismatch` if it was not made by this encoder."""
    index = _opened(settings, facts, rebuild)
    if settings.encoder_url:
        try:
            check_same(index.catalogue, encoder)
        except RanklensError:
            index.close()
            raise
    return index


def _reset(settings: Settings, facts: Mapping[str, Any]) -> None:
    """Queue all documents of a library again, for this encoder and these settings."""
    if not settings.database_url:
        reset(settings, facts)
        return
    from rag.store.postgres.store import PostgresStore

    catalogue = Catalogue(settings.database_url.get_secret_value())
    try:
        PostgresStore.reset(settings, catalogue, facts)
    finally:
        catalogue.close()


def _opened(settings: Settings, facts: Mapping[str, Any], rebuild: bool) -> Store:
    if not settings.database_url:
        return Index.open(settings, facts, afresh=rebuild)
    # Imported here: a library in a folder needs none of it.
    from rag.store.postgres.store import PostgresStore

    catalogue = Catalogue(settings.database_url.get_secret_value())
    try:
        return PostgresStore.open(settings, catalogue, facts, afresh=rebuild)
    except BaseException:
        catalogue.close()
        raise


@contextmanager
def _explained() -> Iterator[None]:
    """Raise a full or read-only disk as a `StorageError`, in words."""
    try:
        yield
    except OSError as error:
        raise storage_error(error) or error from error
