"""Keys of the HTTP API: made, listed, revoked, also while a server has the library open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rag.errors import LibraryError
from rag.settings import Settings
from rag.store.api_keys import SCOPES, ApiKey, ApiKeys, KeyScope
from rag.store.catalogue import Catalogue
from rag.store.private import make_private

__all__ = ["SCOPES", "ApiKey", "ApiKeys", "KeyScope", "keys_of"]


@contextmanager
def keys_of(settings: Settings) -> Iterator[ApiKeys]:
    """Yield the keys of a library that another process may have open.

    Only the catalogue is opened, and SQLite lets several processes write; a running server obeys
    at once. Raises `LibraryError` if there is no library.
    """
    url = settings.database_url.get_secret_value()
    path = settings.library / "catalogue.sqlite"
    if not url and not path.is_file():
        raise LibraryError(
            f"there is no library in {settings.library}; `ranklens ingest PATH…` makes one of "
            "your documents, and --library DIR names another folder"
        )
    if not url:
        make_private(settings.library)
    catalogue = Catalogue(url or path)
    try:
        yield ApiKeys(catalogue.engine)
    finally:
        catalogue.close()
