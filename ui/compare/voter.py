"""A voter whom an address brought here: name, both sides, the vote, and the next question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from ranklens.beside import stays_here
from ranklens.comparing import resolve
from ui.compare import invitation, question_box, vote
from ui.compare.invitation import Invitation
from ui.shared import address, frame, grades

if TYPE_CHECKING:
    from ranklens.library import Library

PAGE = "compare"
_KEY = "invitation"


def invited(given: Mapping[str, str]) -> bool:
    """Whether the address asks for a vote, now or since it was opened."""
    if given:
        found = invitation.read(given)
        if found is None:
            st.session_state.pop(_KEY, None)
        else:
            st.session_state[_KEY] = found
            vote.forget()
    return _KEY in st.session_state


def show(library: Library) -> None:
    """Show the ballot."""
    asked: Invitation = st.session_state[_KEY]
    frame.title("Which side is better?", "Read both, then choose. The names come after the vote.")
    grades.name_box()
    if following := vote.next_question():
        asked = st.session_state[_KEY] = replace(asked, question=following)
    address.write(PAGE, **asked.parameters)
    if vote.JOB not in st.session_state:
        pipelines = question_box.with_model(resolve(library.settings, asked.pipelines))
        free = stays_here(library.settings, pipelines, asked.kind == "answers")
        if free or st.button("Show both", type="primary", key="show_both"):
            vote.start(library, asked.question, pipelines, asked.kind, asked.depth, asked.one_pool)
            st.rerun()
        frame.notice("This ballot calls a service: press Show both to start it.")
    vote.follow(library, organiser=False)
