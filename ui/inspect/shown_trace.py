"""Which trace is inspected: a kept question, whose number is in the address, or a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import streamlit as st

from rag.errors import RanklensError
from rag.types import StageName, Trace
from ranklens import inspecting
from ranklens.inspecting import TraceCollection, opened
from ui.shared import address, frame, state
from ui.shared.html import show as show_html

if TYPE_CHECKING:
    from ranklens.library import Library

FILE: Literal["file"] = "file"
MOST_MB = 50
HELD, _KEY = "inspect_file", "inspect_trace"
Choice = int | Literal["file"]
HeldFile = tuple[str, Trace]


@dataclass(frozen=True, slots=True)
class ShownTrace:
    """A trace, what to call it, and the turn that it belongs to if it is kept.

    ``collection`` is what its collection is called now.
    """

    trace: Trace
    name: str
    collection: TraceCollection
    turn: int | None = None


def chooser(library: Library, linked: str) -> ShownTrace | None:
    """Offer the questions that are kept, and a file; ``linked`` is the turn that a link names."""
    left, right = st.columns((3, 1), vertical_alignment="bottom")
    with right, st.popover("Open a file", icon=":material/upload_file:", width="stretch"):
        take(HELD)
    listed = kept(library)
    if linked:
        _follow(library, linked)
    add(library, listed, st.session_state.get(_KEY))
    with left:
        chosen = select("Question", listed, _KEY, st.session_state.get(HELD))
    if chosen is None:
        frame.empty(
            "Nothing to inspect yet",
            "Ask a question on the Ask page; every answer opens here with all its rankings. Or "
            "open a trace that was saved as a file.",
        )
        return None
    return resolved(library, chosen, st.session_state.get(HELD))


def kept(library: Library) -> dict[int, str]:
    """Return the questions that were asked of late, by turn: words and time."""
    recent = library.conversations.recent()
    return {turn: _label(question, asked) for turn, question, asked in recent}


def select(
    label: str, asked: Mapping[int, str], key: str, held: HeldFile | None = None
) -> Choice | None:
    """Offer questions, and the file that is held; None without any."""
    options: list[Choice] = [*([FILE] if held else []), *asked]
    if not options:
        return None
    if st.session_state.get(key) not in options:
        st.session_state[key] = options[0]
    return st.selectbox(
        label,
        options,
        key=key,
        persist_state="session",
        format_func=lambda one: f"File: {held[0]}" if one == FILE and held else asked.get(one, ""),
    )


def resolved(library: Library, chosen: Choice, held: HeldFile | None = None) -> ShownTrace | None:
    """Return the trace that was chosen; None, with a notice, if it was deleted meanwhile."""
    if chosen == FILE:
        return of_file(library, held)
    turn = library.conversations.turn(int(chosen))
    if turn is None:
        frame.notice("This question was deleted; choose another one.", tone="warn")
        return None
    collection = inspecting.trace_collection(library, turn.trace, turn.conversation)
    return ShownTrace(turn.trace, turn.question, collection, turn.id)


def of_file(library: Library, held: HeldFile | None) -> ShownTrace | None:
    """Return a trace that was opened from a file."""
    if held is None:
        return None
    name, trace = held
    return ShownTrace(trace, name, inspecting.trace_collection(library, trace))


def take(key: str) -> None:
    """Offer to open a trace from a file and hold it under a key; show what is wrong with a file."""
    number = st.session_state.setdefault(f"{key}_number", 0)
    file = st.file_uploader("A trace as JSON", key=f"{key}_{number}", max_upload_size=MOST_MB)
    if problem := st.session_state.pop(f"{key}_problem", None):
        state.problem(problem)
    if file is None:
        return
    try:
        st.session_state[key] = (file.name, opened(file.name, file.read()))
        if key == HELD:
            st.session_state[_KEY] = FILE
    except RanklensError as error:
        st.session_state[f"{key}_problem"] = error
    st.session_state[f"{key}_number"] = number + 1
    st.rerun()


def add(library: Library, listed: dict[int, str], chosen: Choice | None) -> None:
    """Add a chosen question to those listed if it is older than they are."""
    if not isinstance(chosen, int) or chosen in listed:
        return
    if turn := library.conversations.turn(chosen):
        listed[turn.id] = _label(turn.question, turn.asked)


def _follow(library: Library, linked: str) -> None:
    """Choose the question that a link names."""
    if turn := library.conversations.turn(address.number(linked)):
        st.session_state[_KEY] = turn.id
    else:
        text = f"There is no question {linked} in this library any more."
        frame.notice(text, "An old link", "warn")


def head(shown: ShownTrace) -> None:
    """Show the question and the settings that matter most."""
    trace, settings = shown.trace, shown.trace.settings
    ran = trace.stage(StageName.RERANKED)
    facts = [ran.reranker if ran else ""]
    facts += [f"{name} {settings[name]}" for name in ("pool", "top", "threshold")
              if settings.get(name) is not None]  # fmt: skip
    facts += [f"settings {trace.settings_digest}"]
    show_html("inspect/question.html", question=trace.question, facts=facts)
    if shown.collection.note:
        frame.notice(shown.collection.note, tone="warn")


def _label(question: str, asked: datetime) -> str:
    words = " ".join(question.split())
    short = words if len(words) <= 90 else f"{words[:89].rstrip()}…"
    return f"{short} · {asked.astimezone():%d %b %Y, %H:%M}"
