"""Whether an open library can be asked: its database answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from rag.errors import LibraryError

if TYPE_CHECKING:
    from ranklens.library import Library


def check(library: Library) -> None:
    """Raise `LibraryError` if the library's database does not answer."""
    try:
        with library.index.catalogue.engine.connect() as db:
            db.execute(select(1))
    except SQLAlchemyError as error:
        raise LibraryError(f"the library's database does not answer: {error}") from error
