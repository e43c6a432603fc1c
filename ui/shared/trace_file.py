"""A trace as a file to download."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from rag import trace as traces
from rag.types import Trace
from ranklens.hiding import hidden
from ui.shared import state

if TYPE_CHECKING:
    from ranklens.library import Library


def download(library: Library, trace: Trace, key: str | None = None) -> None:
    """Show the button that downloads a trace as JSON; the server's own places are the owner's."""
    owner = state.is_owner(library)

    def written() -> str:
        text = traces.to_json(trace)
        return text if owner else hidden(text, library.settings, trace.settings)

    st.download_button(
        "Trace",
        written,
        file_name=f"trace-{trace.settings_digest}.json",
        mime="application/json",
        icon=":material/download:",
        help="Everything about this question as one JSON file",
        on_click="ignore",
        key=key,
    )
