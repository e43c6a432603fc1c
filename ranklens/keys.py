"""Keys of the HTTP API: made, listed, revoked, also while a server has the library open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rag.settings import Settings
from rag.store.api_keys import SCOPES, ApiKey, ApiKeys, KeyScope
from ranklens.catalogues import catalogue_of

__all__ = ["SCOPES", "ApiKey", "ApiKeys", "KeyScope", "keys_of"]


@contextmanager
def keys_of(settings: Settings) -> Iterator[ApiKeys]:
    """Yield the keys of a library that another process may have open.

    A running server obeys at once. Raises `LibraryError` if there is no library.
    """
    with catalogue_of(settings) as catalogue:
        yield ApiKeys(catalogue.engine)
