"""The secret that signs the cookies of who has signed in: one for all hosts of a library."""

from __future__ import annotations

import logging
import secrets
import time
from typing import TYPE_CHECKING

from rag.errors import DatabaseUnavailable, LibraryError
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.store.facts import Facts

log = logging.getLogger(__name__)

FACT = "cookie secret"
WAIT_SECONDS = 60.0  # at the start, for a database that starts too
_PAUSE = 1.0


def cookie_secret(settings: Settings) -> str:
    """Return the secret of the settings, else that of the database, else a new one.

    The first host that asks the database makes it. It is read once, at the start. Raises
    `DatabaseUnavailable` if the database is away for `WAIT_SECONDS`: with a secret of its own a
    host would know nobody who has signed in at another one.
    """
    given = settings.cookie_secret.get_secret_value()
    if given or not settings.database_url.get_secret_value():
        return given or _made()
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return _of_database(settings)
        except DatabaseUnavailable as error:
            if time.monotonic() > until:
                raise
            log.warning("waiting for the secret of cookies: %s", error)
            time.sleep(_PAUSE)


def renew(settings: Settings) -> None:
    """Put a new secret into the database: who signed in must do so again.

    Each host uses it from its next start on. Raises `LibraryError` if the secret is not there.
    """
    if settings.cookie_secret.get_secret_value():
        raise LibraryError(
            "the secret of cookies is the option cookie_secret: set another one on every host, and "
            "restart the pages"
        )
    if not settings.database_url.get_secret_value():
        raise LibraryError(
            "without database_url every start of the page has a new secret: restart the page"
        )
    _facts(settings).change(FACT, lambda _: _made())


def _of_database(settings: Settings) -> str:
    facts = _facts(settings)
    facts.change(FACT, lambda held: held or _made())
    return str(facts.read(FACT))


def _facts(settings: Settings) -> Facts:
    """Return the facts of the database alone: what a folder of before has is another library's."""
    # Imported here: a page without a database starts without them.
    from rag.store.catalogue import Catalogue
    from rag.store.database import engine_of
    from rag.store.facts import SharedFacts

    address = settings.database_url.get_secret_value()
    Catalogue(address).close()  # the tables are there
    return SharedFacts(engine_of(address))


def _made() -> str:
    return secrets.token_hex(32)
