"""The Settings page: model connections, every option with where its value comes from, API keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from rag.settings import settings_file
from ranklens import saved_settings
from ui.settings import connections, keys, options, people
from ui.shared import frame, state
from ui.shared.html import macro

if TYPE_CHECKING:
    from ranklens.library import Library

CONNECTIONS, KEYS, PEOPLE = "Model connections", "Keys for programs", "People"
NOT_HERE = (
    "Settings are saved only from a browser on the library's own machine, and not while the option "
    "page_hosts serves the page to others. They can be set in a settings file or the environment."
)


def page() -> None:
    """Show the page."""
    library = state.library()
    frame.style("settings/settings.css")
    frame.title(
        "Settings",
        "Every option, its value and where that comes from. Changes are saved in the library.",
    )
    owner = state.is_owner(library)
    managed = (PEOPLE,) if library.given.has_accounts and owner else ()
    if library.given.has_accounts:
        _account(library)
    elif not owner:
        frame.notice(NOT_HERE, "Read only")
    shown = saved_settings.options(library, owner)
    section = st.segmented_control(
        "Section",
        (CONNECTIONS, *shown, KEYS, *managed),
        default=CONNECTIONS,
        required=True,
        key="section",
        bind="query-params",
        label_visibility="collapsed",
    )
    with st.container(key="settings"):
        if section == KEYS:
            keys.show(library)
        elif section in managed:
            people.show(library)
        elif section in shown:
            options.show(library, shown[section], owner)
        else:
            connections.show(library, owner)
        st.html(macro("file", "settings/settings.html")(settings_file()))


def _account(library: Library) -> None:
    """Show whose session this is, and the way out."""
    with st.container(horizontal=True, vertical_alignment="center"):
        frame.say(f"You are signed in as {library.visitor.account}.", width="content")
        if library.given.sign_in == "oidc":
            st.button("Sign out", icon=":material/logout:", on_click=st.logout, key="sign_out")


page()
