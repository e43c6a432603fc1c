"""From a question in a conversation to an answer that is being written."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from rag.chat.rewrite import original, standalone
from rag.chat.store import Conversations, Turn
from rag.chat.writing import Writing
from rag.generate.check import judged
from rag.generate.models import rewrite
from rag.generate.support import checked
from rag.retrieve.filters import EVERYTHING, Filter, mentioned
from rag.settings import Settings
from rag.types import Answer, Trace
from rag.watch.record import record
from ui.ask.turn_view import Pending

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from rag.models.encoder import Encoder
    from ranklens.library import Library

WITHIN = "within"


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
    question, within = _within(library, options, pending.text)
    changes = {name: value for name, value in options.items() if name != WITHIN}
    pipeline = library.pipeline.with_settings(**changes)
    settings = pipeline.settings
    if within:
        pipeline = pipeline.within(within)
    model = partial(rewrite, settings) if settings.llm_model else None
    rewritten = standalone(question, before, model)
    trace = rewritten.kept_in(pipeline.search(rewritten.question))
    if pending.replaces:
        turn = kept.replace(pending.replaces, pending.text, trace, pending.rest)
    else:
        chat = st.session_state.get("chat") or kept.start(pending.text)
        turn = kept.add(chat, pending.text, trace)
    finish = partial(_checked, settings, library.encoder)
    told = partial(_recorded, library.index.catalogue.engine, settings, turn.id)
    _desk()[_key(kept, turn)] = Writing(kept, turn, pipeline.answer(trace), finish, told)
    return turn


def _recorded(engine: Engine, settings: Settings, turn_id: int, trace: Trace) -> None:
    from rag.watch import prometheus

    prometheus.observe(record(engine, settings, trace, "page", turn_id))


def _checked(settings: Settings, encoder: Encoder, answer: Answer, trace: Trace) -> Answer:
    judge = partial(judged, settings) if settings.llm_judge and settings.llm_model else None
    return checked(answer, original(trace), trace.evidence, encoder, judge)


def _within(library: Library, options: dict[str, Any], text: str) -> tuple[str, Filter]:
    """Return the question without its @names, and what to ask: these, else what was chosen."""
    question, named = mentioned(
        text, lambda: [d for d in library.documents() if d.status == "ready"]
    )
    return question, named or options.get(WITHIN, EVERYTHING)


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
