"""Where documents come from: folders (`ranklens.watching`) and addresses (`ranklens.addresses`)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import NotThere
from rag.store.sources import MOST_TAGS, Source
from ranklens import addresses, watching

if TYPE_CHECKING:
    from ranklens.library import Library

__all__ = ["MOST_TAGS", "Source", "look_again", "named"]


def look_again(library: Library, source: Source) -> str:
    """Look at a folder, or fetch an address, once more; return in words what was found."""
    if source.kind == "folder":
        changes = watching.look(library, source)
        return named(library, source.place).problem or changes.summary()
    outcome = addresses.fetch_address(library, source.place)
    words = {"queued": "it has changed", "failed": outcome.reason}
    return words.get(outcome.status, "nothing has changed")


def named(library: Library, place: str) -> Source:
    """Return the source of that folder or address; raises `NotThere`."""
    real = os.path.realpath(Path(place).expanduser())
    for source in library.sources.all():
        if place == source.place or (source.kind == "folder" and real == source.place):
            return source
    raise NotThere(f"{place} is not watched; `ranklens watch` lists what is")
