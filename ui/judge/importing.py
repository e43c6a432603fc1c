"""Importing files on the page: the box for them, and what the last import came to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import IO, TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from ui.shared import frame

if TYPE_CHECKING:
    from ranklens.library import Library


def uploader(
    library: Library, key: str, label: str, imported: Callable[[Sequence[IO[bytes]]], str],
    several: bool = False,
) -> None:  # fmt: skip
    """Offer a box for a file or several; ``imported`` gets them and returns what that came to.

    Afterwards the box is another one, so that the same files can be chosen again.
    """
    turn = st.session_state.setdefault(f"{key}_turn", 0)
    given = st.file_uploader(
        label,
        accept_multiple_files=several,
        key=f"{key}_{turn}",
        max_upload_size=library.settings.max_file_mb,
    )
    if given:
        report(key, lambda: imported(given if isinstance(given, list) else [given]))
        st.session_state[f"{key}_turn"] = turn + 1
        st.rerun()


def report(key: str, act: Callable[[], str]) -> None:
    """Do something and keep what it came to for `show_report`: its words, or its error."""
    try:
        st.session_state[f"{key}_report"] = (act(), False)
    except RanklensError as error:
        st.session_state[f"{key}_report"] = (str(error), True)


def show_report(key: str) -> None:
    """Show once what the last import under this key came to."""
    text, failed = st.session_state.pop(f"{key}_report", ("", False))
    if text:
        with st.container(key=f"{key}_report_box"):
            frame.notice(text, *(("Nothing was imported", "bad") if failed else ()))
