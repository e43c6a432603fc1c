"""The options of a section: those that can be saved with a control each, the others in a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import streamlit as st
from annotated_types import Ge, Gt, Le

from rag.errors import SettingsError
from ranklens import saved_settings
from ranklens.models import AUTO, rerankers
from ranklens.saved_settings import ShownOption
from ui.shared import frame, state
from ui.shared.html import macro
from ui.shared.html import show as show_html

if TYPE_CHECKING:
    from ranklens.library import Library

TEMPLATE = "settings/settings.html"
_PROBLEM = "option_problem"


def show(library: Library, options: Sequence[ShownOption], owner: bool) -> None:
    """Show a section."""
    problem: SettingsError | None = st.session_state.pop(_PROBLEM, None)
    if problem:
        frame.notice(str(problem), "Not saved", "bad")
    free = [one for one in options if not one.reason]
    for one in free:
        _row(library, one, owner)
    if fixed := [one for one in options if one.reason]:
        frame.label("Set elsewhere", "h3")
        show_html("settings/fixed.html", options=fixed)


def _row(library: Library, one: ShownOption, owner: bool) -> None:
    with st.container(key=f"row_{one.name}"):
        words, control = st.columns((3, 2), vertical_alignment="center", gap="medium")
        words.html(macro("option", TEMPLATE)(one))
        with control:
            st.session_state[f"option_{one.name}"] = one.value
            _control(library, one, owner)
            if one.saved:
                st.button(
                    f"Reset to {one.before or 'empty'}",
                    key=f"reset_{one.name}",
                    icon=":material/undo:",
                    type="tertiary",
                    disabled=not owner,
                    on_click=_reset,
                    args=(one.name,),
                )


def _control(library: Library, one: ShownOption, owner: bool) -> None:
    common: dict[str, Any] = {
        "label": one.name,
        "key": f"option_{one.name}",
        "label_visibility": "collapsed",
        "disabled": not owner,
        "on_change": _save,
        "args": (one.name,),
    }
    kinds = [kind for kind in (*get_args(one.field.annotation), one.field.annotation)
             if kind is not type(None)]  # fmt: skip
    if get_origin(one.field.annotation) is Literal:
        st.selectbox(options=get_args(one.field.annotation), **common)
    elif one.name == "reranker":
        names = [AUTO, *(found.name for found in rerankers(library.settings) if not found.reason)]
        names = names if one.value in names else [*names, str(one.value)]
        st.selectbox(options=names, accept_new_options=True, **common)
    elif bool in kinds:
        st.toggle(**common)
    elif int in kinds or float in kinds:
        _number(one, int if int in kinds else float, common)
    else:
        st.text_input(max_chars=500, **common)


def _number(one: ShownOption, kind: Any, common: dict[str, Any]) -> None:
    limits: list[Any] = one.field.metadata
    lows = [kind(m.ge if isinstance(m, Ge) else m.gt) for m in limits if isinstance(m, Ge | Gt)]
    highs = [kind(m.le) for m in limits if isinstance(m, Le)]
    if one.value is not None:
        st.session_state[f"option_{one.name}"] = kind(one.value)
    st.number_input(
        min_value=lows[0] if lows else None,
        max_value=highs[0] if highs else None,
        value=None,
        step=1 if kind is int else 0.05,
        format=None if kind is int else "%g",
        placeholder="none",
        **common,
    )


def _save(name: str) -> None:
    library = state.library()
    try:
        if state.is_owner(library):
            saved_settings.save(library, name, st.session_state[f"option_{name}"])
            st.toast(f"{name} is saved; it applies from the next question on.")
    except SettingsError as error:
        st.session_state[_PROBLEM] = error


def _reset(name: str) -> None:
    library = state.library()
    if state.is_owner(library):
        saved_settings.reset(library, name)
