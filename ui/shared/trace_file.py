"""A trace as a file to download."""

from __future__ import annotations

import streamlit as st

from rag import trace as traces
from rag.types import Trace


def download(trace: Trace, key: str | None = None) -> None:
    """Show the button that downloads a trace as JSON."""
    st.download_button(
        "Trace",
        lambda: traces.to_json(trace),
        file_name=f"trace-{trace.settings_digest}.json",
        mime="application/json",
        icon=":material/download:",
        help="Everything about this question as one JSON file",
        on_click="ignore",
        key=key,
    )
