"""The catalogue of a library without its indexes, also if another process has the library open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rag.errors import LibraryError
from rag.settings import Settings
from rag.store.catalogue import Catalogue
from rag.store.private import make_private


@contextmanager
def catalogue_of(settings: Settings) -> Iterator[Catalogue]:
    """Yield the catalogue alone; SQLite lets several processes write to it.

    Raises `LibraryError` if there is no library.
    """
    check_there_is_one(settings)
    url = settings.database_url.get_secret_value()
    if not url:
        make_private(settings.library)
    catalogue = Catalogue(url or settings.library / "catalogue.sqlite")
    try:
        yield catalogue
    finally:
        catalogue.close()


def check_there_is_one(settings: Settings) -> None:
    """Raise `LibraryError` if the folder holds no library and no database is set."""
    if not settings.database_url and not (settings.library / "catalogue.sqlite").is_file():
        raise LibraryError(
            f"there is no library in {settings.library}; `ranklens ingest PATH…` makes one of "
            "your documents, and --library DIR names another folder"
        )
