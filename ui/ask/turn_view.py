"""One turn of a conversation: the question, how it was searched, the answer, what can be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st
from markupsafe import Markup
from streamlit.delta_generator import DeltaGenerator

from rag.errors import RanklensError
from rag.text.plural import plural
from rag.types import Answer, Trace
from ranklens import choices, conversing, viewing
from ranklens.asking import Asking, PendingQuestion
from ranklens.conversing import Turn, Writing
from ui.ask import address, answer, versions
from ui.shared import frame, state
from ui.shared.answer_text import rendered
from ui.shared.html import macro

if TYPE_CHECKING:
    from ranklens.library import Library

WRONG = (
    "It is wrong",
    "Something is missing",
    "It quotes the wrong passages",
    "It is hard to read",
)
_BY = {"model": "by the model", "rule": "by a rule, from the question before"}


@dataclass(frozen=True, slots=True)
class TurnSlots:
    """The places of a turn on the page, held while its answer is written."""

    searched: DeltaGenerator
    body: DeltaGenerator
    foot: DeltaGenerator
    acts: DeltaGenerator
    why: DeltaGenerator
    below: DeltaGenerator


def head(question: str, selected: bool) -> TurnSlots:
    """Show the question and hold the places below it."""
    st.html(_html("question", question, selected))
    return TurnSlots(*(st.empty() for _ in fields(TurnSlots)))


def searching(slots: TurnSlots, stage: str, on_stop: Callable[[], None]) -> None:
    """Show that the question is being rewritten and searched for, with a button that gives up."""
    slots.body.html(_html("so_far", ""))
    search_stage(slots, stage)
    slots.acts.button(
        "Stop",
        key="stop_searching",
        icon=":material/stop_circle:",
        on_click=on_stop,
        help="Do not ask this question",
    )


def search_stage(slots: TurnSlots, stage: str) -> None:
    """Show what is being done for the question."""
    slots.foot.html(_html("foot", stage))


def failed(slots: TurnSlots, asked: Asking) -> None:
    """Show why the search failed."""
    with slots.body.container():
        state.problem(asked.problem or RanklensError("the question was stopped"))
    slots.foot.empty()
    slots.acts.empty()


def searched(slots: TurnSlots, trace: Trace) -> None:
    """Show within which documents was searched, and as what if a follow-up was rewritten."""
    if shown := searched_html(trace).strip():
        slots.searched.html(shown)


def searched_html(trace: Trace) -> Markup:
    """Return what was searched as HTML; nothing if it was the question itself, everywhere."""
    by = _BY.get(trace.rewriting.by or "", "") if trace.rewriting else ""
    return _html("searched", choices.filter_of(trace).words(), trace.question, trace.rewriting, by)


def follow(slots: TurnSlots, writing: Writing, trace: Trace) -> None:
    """Show the answer while it is written, until it is complete."""
    so_far(slots, writing, trace)
    slots.acts.button(
        "Stop",
        key="stop_writing",
        icon=":material/stop_circle:",
        on_click=writing.stop,
        help="Keep what has arrived and end",
    )
    for _arrived in writing.follow():
        so_far(slots, writing, trace)


def so_far(slots: TurnSlots, writing: Writing, trace: Trace) -> None:
    """Show as much of an answer as has arrived."""
    arrived = writing.so_far
    thought = 0 if arrived.text else len(writing.thinking.split())
    slots.body.html(_html("so_far", rendered(arrived, trace.given)))
    state = f"The model is thinking… {plural(thought, 'word')} so far"
    slots.foot.html(_html("foot", state if thought else "Writing the answer…"))


def complete(slots: TurnSlots, turn: Turn, library: Library, selected: bool) -> None:
    """Show a complete answer, what can be done with it and, if selected, its passages."""
    written = turn.trace.answer
    if written is None:
        slots.body.html(_html("interrupted"))
        slots.foot.empty()
    else:
        answer.complete(slots.body, slots.foot, turn.trace, written)
    with slots.acts.container(
        horizontal=True, vertical_alignment="center", gap="small", key=f"acts-{turn.id}"
    ):
        _acts(turn, written, library, selected)
    if turn.liked is False:
        with slots.why.container():
            _reason(turn, library)
    if selected and written:
        with slots.below.container():
            answer.below(turn.trace, written, viewing.marker(library, turn.trace.question))
    else:
        slots.below.empty()


def editor(turn: Turn, longest: int) -> None:
    """Show a form that changes the question; the questions after it leave."""
    with st.form(f"edit_{turn.id}", border=True):
        text = st.text_area("Question", turn.question, key=f"edited_{turn.id}", height="content",
                            max_chars=longest)  # fmt: skip
        frame.say("The questions after this one leave the conversation.")
        with st.container(horizontal=True):
            if st.form_submit_button("Ask", type="primary", icon=":material/search:"):
                st.session_state.pop("editing", None)
                if text.strip():
                    st.session_state["pending"] = PendingQuestion(text.strip(), turn, rest=True)
                st.rerun()
            if st.form_submit_button("Cancel", type="tertiary"):
                st.session_state.pop("editing", None)
                st.rerun()


@st.dialog("The prompt that was sent", width="large", icon=":material/code:")
def show_prompt(text: str) -> None:
    """Show the exact messages that a model was sent."""
    frame.dress_dialog()
    st.html(_html("prompt", text))


def _html(name: str, *values: object) -> Markup:
    return macro(name, "ask/turn.html")(*values)


def _acts(turn: Turn, written: Answer | None, library: Library, selected: bool) -> None:
    if written and written.text:
        st.feedback(
            "thumbs",
            key=f"liked_{turn.id}",
            default=None if turn.liked is None else int(turn.liked),
            on_change=_rate,
            args=(library, turn.id),
        )
    act = partial(_act, turn.place)
    if written and written.text:
        st.html(_html("copy", written.text), width="content")
    act("Edit", "edit", ("editing", turn.id), "Change the question and ask again")
    act("Ask again", "refresh", ("again", turn.id), "Search and answer once more: another version")
    if written and written.error and written.generator != "extractive":
        quote = "Answer with the sentences of the documents, without the model"
        act("Quote the documents instead", "format_quote", ("quote", turn.id), quote)
    if written and written.prompt:
        act("Prompt", "code", ("prompt", turn.id), "What the model was sent")
    if not selected:
        evidence = "Show every ranking behind this answer"
        act("Evidence", "leaderboard", (address.SELECTED, turn.id), evidence)
    versions.stepper(library, turn)


def _reason(turn: Turn, library: Library) -> None:
    """Ask why an answer did not help."""
    offered = [*WRONG, *([turn.why] if turn.why and turn.why not in WRONG else [])]
    st.session_state[f"why_{turn.id}"] = turn.why or None
    st.selectbox(
        "What was wrong?",
        offered,
        index=None,
        key=f"why_{turn.id}",
        placeholder="What was wrong? Choose, or type your own words",
        label_visibility="collapsed",
        accept_new_options=True,
        width=420,
        on_change=_rate,
        args=(library, turn.id),
    )


def _act(place: int, label: str, icon: str, state: tuple[str, int], about: str) -> None:
    """Show a button that sets an entry of the session's state to the turn's id.

    A session keeps what its buttons are called with, and something of each key, for as long as it
    lasts: so no turn and no text, and keys by the turn's place in the conversation.
    """
    st.button(
        label,
        key=f"{icon}_{place}",
        icon=f":material/{icon}:",
        type="tertiary",
        help=about,
        on_click=st.session_state.__setitem__,
        args=state,
    )


def _rate(library: Library, turn_id: int) -> None:
    liked = st.session_state.get(f"liked_{turn_id}")
    why = st.session_state.get(f"why_{turn_id}") or "" if liked == 0 else ""
    conversing.rate(library, turn_id, None if liked is None else bool(liked), why)
