"""A conversation stays in its collection: opening one chooses that, choosing another begins one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ranklens import conversing
from ui.ask import address
from ui.shared import collections

if TYPE_CHECKING:
    from ranklens.library import Library


def conversation(library: Library, chat: str | None) -> str | None:
    """Return the open conversation, None if somebody chose another collection than its own."""
    chosen = collections.just_chosen()  # of this run, whether or not a conversation is open
    if chat is None:
        return None
    if chosen:
        address.open_chat(None)
        return None
    own = conversing.collection_of(library, chat)
    if own != collections.current(library):
        collections.follow(library, own)
        collections.rerun()
    return chat
