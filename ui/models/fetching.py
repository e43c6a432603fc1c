"""Downloads of models that the page started: they go on when the page is left."""

from __future__ import annotations

import streamlit as st

from ranklens.models import Download, size_text
from ui.shared import frame

EVERY = 0.5


@st.cache_resource(show_spinner=False)
def downloads() -> dict[str, Download]:
    """Return the last download of each model, shared by all sessions."""
    return {}


def start(name: str) -> None:
    """Begin to download a model, where that is not under way."""
    last = downloads().get(name)
    if last is None or not last.running:
        downloads()[name] = Download(name).start()


def show(name: str) -> None:
    """Show a download's progress for as long as it runs, and afterwards why it failed."""
    last = downloads().get(name)
    if last is None:
        return
    st.fragment(_poll, run_every=EVERY if last.running else None)(name)


def _poll(name: str) -> None:
    last = downloads()[name]
    running, seen = last.running, st.session_state.get(f"fetching {name}")
    st.session_state[f"fetching {name}"] = running
    if seen and not running:
        st.rerun()
    if running:
        _bar(last)
    elif last.error:
        frame.notice(last.error, "Not downloaded", "bad")


def _bar(last: Download) -> None:
    now = last.progress
    share = now.done / now.total if now.total else 0.0
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(gap="xsmall"):
            st.html(f'<p class="rl-say">{frame.escape(line(last))}</p>')
            st.progress(min(share, 1.0))
        st.button(
            "Stop", icon=":material/stop_circle:", key=f"stop {last.name}", on_click=last.cancel
        )


def line(last: Download) -> str:
    """Return the state of a download in one line, as text."""
    now = last.progress
    if not now.total:
        return "Asking the hub"
    return f"{size_text(now.done)} of {size_text(now.total)} · {now.file}"
