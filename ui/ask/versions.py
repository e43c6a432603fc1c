"""Versions of an answer, the same question ranked or answered anew: step through, compare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st
from markupsafe import Markup

from rag.types import StageName, Trace
from ranklens import conversing
from ranklens.conversing import Turn
from ui.ask import address
from ui.shared import frame
from ui.shared.answer_text import rendered
from ui.shared.html import render

if TYPE_CHECKING:
    from ranklens.library import Library


def stepper(library: Library, turn: Turn) -> None:
    """Show which version of the answer this is, with buttons to the others; nothing if it is one.

    Keys go by the turn's place: a session keeps something of each key that it ever had.
    """
    known = conversing.versions(library, turn)
    if len(known) < 2 or turn.id not in known:
        return
    at = known.index(turn.id)

    def step(label: str, icon: str, to: int) -> None:
        possible = 0 <= to < len(known)
        st.button(
            label,
            key=f"{icon}_{turn.place}",
            icon=f":material/{icon}:",
            type="tertiary",
            disabled=not possible,
            on_click=_show,
            args=(library, known[to] if possible else turn.id),
        )

    step("Older", "chevron_left", at - 1)
    frame.say(f"version {at + 1} of {len(known)}", width="content")
    step("Newer", "chevron_right", at + 1)
    st.button(
        "Compare",
        key=f"compare_{turn.place}",
        icon=":material/compare_arrows:",
        type="tertiary",
        on_click=st.session_state.__setitem__,
        args=("compared", turn.id),
    )


def _show(library: Library, turn_id: int) -> None:
    if turn := conversing.turn(library, turn_id):
        library.conversations.show(turn)
        st.session_state[address.SELECTED] = turn.id


@st.dialog("Two versions of the answer", width="large", icon=":material/compare_arrows:")
def compare(library: Library, turn: Turn) -> None:
    """Show two versions side by side: what ranked them, their answers, their passages."""
    frame.dress_dialog()
    frame.question(turn.question)
    known = conversing.versions(library, turn)
    at = known.index(turn.id)
    sides = st.grid(2, min_column_width=300, gap="large")
    names = {key: f"Version {number}" for number, key in enumerate(known, 1)}
    shown = []
    for side, (key, first) in enumerate((("left", max(at - 1, 0)), ("right", max(at, 1)))):
        with sides.cell():
            chosen = st.selectbox(
                "Left" if side == 0 else "Right",
                known,
                index=first,
                key=f"compared_{key}",
                format_func=lambda one: names.get(one, ""),
                label_visibility="collapsed",
            )
            shown.append((st.empty(), conversing.turn(library, chosen)))
    traces = [one.trace for _, one in shown if one]
    if len(traces) == 2:
        for (place, _), html in zip(shown, side_by_side(*traces), strict=True):
            place.html(html)


def side_by_side(left: Trace, right: Trace) -> tuple[Markup, Markup]:
    """Return each side as HTML; passages that the other one was not given are marked."""
    return _side(left, right), _side(right, left)


def _side(trace: Trace, other: Trace) -> Markup:
    others = {hit.chunk.id: hit.rank for hit in other.evidence}
    written = trace.answer
    return render(
        "ask/version.html",
        facts=_facts(trace),
        text=rendered(written, trace.given) if written else "",
        passages=[(hit.chunk, hit.rank, others.get(hit.chunk.id)) for hit in trace.evidence],
    )


def _facts(trace: Trace) -> list[str]:
    ran, settings = trace.stage(StageName.RERANKED), trace.settings
    found: list[Any] = [ran.reranker if ran and not ran.fell_back else "no reranker"]
    found += [f"{name} {settings[name]}" for name in ("pool", "top") if name in settings]
    found += [trace.answer.generator] if trace.answer else []
    return [str(one) for one in found if one]
