"""One turn of a conversation: the question, how it was searched, the answer, what can be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rag.chat.rewrite import STAGE, original
from rag.chat.store import Conversations, Turn
from rag.evaluate.judgements import feedback
from rag.text.plural import plural
from rag.types import Answer, Trace
from ui.ask import answer, filters
from ui.shared import state
from ui.shared.frame import escape

if TYPE_CHECKING:
    from rag.chat.writing import Writing

_BY = {"model": "by the model", "rule": "by a rule, from the question before"}


@dataclass(frozen=True, slots=True)
class Pending:
    """A question that waits to be searched.

    ``replaces`` is the turn it takes the place of; ``rest`` takes the turns after it away too.
    """

    text: str
    replaces: Turn | None = None
    rest: bool = False


@dataclass(frozen=True, slots=True)
class Slots:
    """The places of a turn, held while its answer is made."""

    searched: DeltaGenerator
    body: DeltaGenerator
    foot: DeltaGenerator
    acts: DeltaGenerator
    below: DeltaGenerator


def head(question: str, selected: bool) -> Slots:
    """Show the question and hold the places below it."""
    kind = "" if selected else " earlier"
    st.html(f'<div class="rl-turn{kind}"><h2 class="rl-question">{escape(question)}</h2></div>')
    return Slots(st.empty(), st.empty(), st.empty(), st.empty(), st.empty())


def searching(slots: Slots) -> None:
    """Say that the question is being searched for."""
    slots.body.html('<div class="rl-answer writing"><p></p></div>')
    slots.foot.html('<p class="rl-foot">Searching…</p>')


def searched(slots: Slots, trace: Trace) -> None:
    """Say what was searched: which documents, and as what, where a follow-up was rewritten."""
    if said := filters.chips(filters.of(trace)) + _rewritten(trace):
        slots.searched.html(said)


def _rewritten(trace: Trace) -> str:
    stage = trace.stage(STAGE)
    if stage is None:
        return ""
    problem = f" {escape(stage.note)}" if stage.fell_back else ""
    if trace.question != original(trace):
        by = _BY.get(str(stage.details.get("how")), "")
        line = f"Searched as <b>{escape(trace.question)}</b>, rewritten {by}.{problem}"
    else:
        line = f"Searched as it stands.{problem}"
    return f'<p class="rl-searched">{line}</p>'


def follow(slots: Slots, writing: Writing, trace: Trace) -> None:
    """Show the answer while it is written, until it is complete."""
    so_far(slots, writing.so_far, writing, trace)
    slots.acts.button(
        "Stop",
        key="stop_writing",
        icon=":material/stop_circle:",
        on_click=writing.stop,
        help="Keep what has arrived and end",
    )
    for told in writing.follow():
        so_far(slots, told, writing, trace)


def so_far(slots: Slots, told: Answer, writing: Writing, trace: Trace) -> None:
    """Show as much of an answer as has arrived."""
    body = answer.rendered(told, trace.evidence) or "<p></p>"
    slots.body.html(f'<div class="rl-answer writing">{body}</div>')
    slots.foot.html(_state(writing, told.text))


def _state(writing: Writing, text: str) -> str:
    """Say what the model is doing, for as long as it is."""
    if words := 0 if text else len(writing.thinking.split()):
        return f'<p class="rl-foot">The model is thinking… {plural(words, "word")} so far</p>'
    return '<p class="rl-foot">Writing the answer…</p>'


def complete(slots: Slots, turn: Turn, kept: Conversations, selected: bool) -> None:
    """Show a complete answer, what can be done with it and, where selected, its passages."""
    written = turn.trace.answer
    if written is None:
        slots.body.html(
            '<div class="rl-answer short" data-complete="true"><p class="rl-muted">This answer was '
            "interrupted before it was complete. Ask again to have it.</p></div>"
        )
        slots.foot.empty()
    else:
        answer.show(answer.Slots(slots.body, slots.foot), turn.trace, written)
    with slots.acts.container(
        horizontal=True, vertical_alignment="center", gap="small", key=f"acts-{turn.id}"
    ):
        _acts(turn, written, kept, selected)
    if selected and written:
        with slots.below.container():
            answer.below(turn.trace, written)
    else:
        slots.below.empty()


def _acts(turn: Turn, written: Answer | None, kept: Conversations, selected: bool) -> None:
    if written and written.text:
        st.feedback(
            "thumbs",
            key=f"liked_{turn.id}",
            default=None if turn.liked is None else int(turn.liked),
            on_change=_judge,
            args=(kept, turn.id),
        )
    _act(
        "Edit", "edit", turn, lambda: _set("editing", turn.id), "Change the question and ask again"
    )
    _act(
        "Ask again",
        "refresh",
        turn,
        lambda: _set("pending", Pending(turn.question, turn)),
        "Search and answer once more, in place of this answer",
    )
    if written and (prompt := written.details.get("prompt")):
        _act("Prompt", "code", turn, lambda: _set("prompt", str(prompt)), "What the model was sent")
    if not selected:
        show = "Show every ranking behind this answer"
        _act("Evidence", "leaderboard", turn, lambda: _set("selected", turn.id), show)


def _act(label: str, icon: str, turn: Turn, act: Callable[[], None], says: str) -> None:
    st.button(
        label,
        key=f"{icon}_{turn.id}",
        icon=f":material/{icon}:",
        type="tertiary",
        help=says,
        on_click=act,
    )


def editor(turn: Turn) -> None:
    """Show a form that changes the question; what came after it is asked anew."""
    with st.form(f"edit_{turn.id}", border=True):
        text = st.text_area("Question", turn.question, key=f"edited_{turn.id}", height="content")
        st.html('<p class="rl-say">The questions after this one leave the conversation.</p>')
        with st.container(horizontal=True):
            if st.form_submit_button("Ask", type="primary", icon=":material/search:"):
                st.session_state.pop("editing", None)
                if text.strip():
                    st.session_state["pending"] = Pending(text.strip(), turn, rest=True)
                st.rerun()
            if st.form_submit_button("Cancel", type="tertiary"):
                st.session_state.pop("editing", None)
                st.rerun()


@st.dialog("The prompt that was sent", width="large", icon=":material/code:")
def show_prompt(text: str) -> None:
    """Show the exact messages that a model was sent."""
    from ui.shared import frame

    frame.dress_dialog()
    st.html(f'<div class="rl-prompt" tabindex="0">{escape(text)}</div>')


def _judge(kept: Conversations, turn_id: int) -> None:
    liked = st.session_state.get(f"liked_{turn_id}")
    kept.judge(turn_id, None if liked is None else bool(liked))
    if turn := kept.turn(turn_id):
        feedback.follow(state.library().judgements, kept, turn.trace.question)


def _set(name: str, value: object) -> None:
    st.session_state[name] = value
