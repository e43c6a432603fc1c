"""The secret that signs the cookies of who has signed in: one for all hosts of a library."""

from __future__ import annotations

import logging
import secrets

from rag.errors import RanklensError
from rag.settings import Settings

log = logging.getLogger(__name__)

FACT = "cookie secret"


def cookie_secret(settings: Settings) -> str:
    """Return the secret of the settings, else that of the database, else a new one.

    The first host that asks the database makes it. It is read once, at the start.
    """
    given = settings.cookie_secret.get_secret_value()
    if given or not settings.database_url.get_secret_value():
        return given or secrets.token_hex(32)
    # Imported here: a page without a database starts without them.
    from sqlalchemy.exc import SQLAlchemyError

    from rag.store.catalogue import Catalogue
    from rag.store.facts import facts_of

    try:
        Catalogue(settings.database_url.get_secret_value()).close()  # the tables are there
        facts = facts_of(settings)
        facts.change(FACT, lambda held: held or secrets.token_hex(32))
        return str(facts.read(FACT))
    except (RanklensError, SQLAlchemyError):
        log.warning("cookies hold for this start only: the database cannot be asked for the secret")
        return secrets.token_hex(32)
