"""Pipelines under names of their own: kept, shown and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from ranklens.comparing import (
    changed_options,
    delete_pipeline,
    pipeline_notes,
    save_pipeline,
    saved_pipelines,
)
from ui.shared import frame, state
from ui.shared.frame import plain

if TYPE_CHECKING:
    from ranklens.library import Library

_NAME, _OPTIONS, _PROBLEM = "pipeline_name", "pipeline_options", "pipeline_problem"


def manager(library: Library) -> None:
    """Offer to keep options as a pipeline, and to delete one."""
    settings = library.settings
    if not state.may(library, "pipelines"):
        return
    with st.popover("Saved pipelines", icon=":material/bookmark:"):
        st.text_input("Name", key=_NAME, max_chars=40, placeholder="wide")
        st.text_input(
            "Options",
            key=_OPTIONS,
            value=changed_options(settings, st.session_state.get("options", {})),
            placeholder="pool=100,reranker=none",
            help="Those in which it differs from the settings; at first what Ask has now",
        )
        st.button("Keep", icon=":material/check:", key="keep_pipeline", on_click=_keep,
                  args=(library,))  # fmt: skip
        if problem := st.session_state.pop(_PROBLEM, ""):
            frame.notice(problem, "Nothing was changed", "bad")
        notes = pipeline_notes(settings)
        for name, options in saved_pipelines(settings).items():
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{plain(name)}** {plain(options)}")
                st.button("Delete", icon=":material/delete:", key=f"delete_{name}",
                          on_click=_delete,
                          args=(library, name))  # fmt: skip
            if name in notes:
                frame.say(notes[name])


def _delete(library: Library, name: str) -> None:
    try:
        delete_pipeline(library, name)
    except RanklensError as error:
        st.session_state[_PROBLEM] = str(error)


def _keep(library: Library) -> None:
    try:
        save_pipeline(library, st.session_state[_NAME], st.session_state[_OPTIONS])
    except RanklensError as error:
        st.session_state[_PROBLEM] = str(error)
