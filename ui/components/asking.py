"""From a question in a conversation to an answer that is being written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from rag.chat.rewrite import standalone
from rag.chat.store import Conversations, Turn
from rag.chat.writing import Writing
from ui.components.chat_turn import Pending

if TYPE_CHECKING:
    from ingest.library import Library


@st.cache_resource
def _desk() -> dict[tuple[int, int], Writing]:
    """Return the answers that are being written in this process, by store and turn."""
    return {}


def ask(
    library: Library,
    kept: Conversations,
    options: dict[str, Any],
    before: Sequence[Turn],
    pending: Pending,
) -> Turn:
    """Rewrite where it is a follow-up, search, keep the turn and start its answer."""
    pipeline = library.pipeline.with_settings(**options)
    rewritten = standalone(pending.text, before)
    trace = rewritten.kept_in(pipeline.search(rewritten.question))
    if pending.replaces:
        turn = kept.replace(pending.replaces, pending.text, trace, pending.rest)
    else:
        chat = st.session_state.get("chat") or kept.start(pending.text)
        turn = kept.add(chat, pending.text, trace)
    _desk()[_key(kept, turn)] = Writing(kept, turn, pipeline.answer(trace))
    return turn


def writing(kept: Conversations, turn: Turn) -> Writing | None:
    """Return the answer to a turn while it is being written, None where it is not."""
    found = _desk().get(_key(kept, turn))
    if found and found.done and turn.trace.answer:
        forget(kept, turn)
        return None
    return found


def forget(kept: Conversations, turn: Turn) -> None:
    """Let go of an answer that is complete."""
    _desk().pop(_key(kept, turn), None)


def _key(kept: Conversations, turn: Turn) -> tuple[int, int]:
    return kept.identity, turn.id
