"""Adding documents by drag and drop; files that cannot be added are named at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO, TYPE_CHECKING

import streamlit as st

from ui.shared import collections, frame

if TYPE_CHECKING:
    from ranklens import FileOutcome, Library


def show(library: Library) -> None:
    """Show the drop box; files that were dropped are queued and the box is emptied."""
    turn = st.session_state.setdefault("upload_turn", 0)
    files = st.file_uploader(
        "Drop documents here, or choose them",
        accept_multiple_files=True,
        key=f"upload_{turn}",
        max_upload_size=library.settings.max_file_mb,
        help="PDF, Word, PowerPoint, Excel, HTML, Markdown, text, CSV, JSON, EPUB, e-mail, and "
        "pictures of text (PNG, JPEG, TIFF, WebP)",
    )
    if files:
        with st.spinner("Copying the files…"):
            into = collections.for_documents(library)
            st.session_state["uploaded"] = [
                library.enqueue_upload(file.name, file, collection=into) for file in files
            ]
            collections.turn_to(library, into)
        st.session_state["upload_turn"] = turn + 1
        st.rerun()
    _report(st.session_state.get("uploaded", ()))


def add(library: Library, name: str, data: IO[bytes], password: str = "") -> FileOutcome:
    """Queue one uploaded file."""
    return library.enqueue_upload(name, data, password, collection=collections.target(library))


def _report(outcomes: Sequence[FileOutcome]) -> None:
    """Show which files were not queued, and why; the others are in the table."""
    for outcome in outcomes:
        if outcome.status == "unchanged":
            frame.notice(outcome.reason, f"{outcome.name}: nothing to do")
        elif outcome.status == "failed":
            frame.notice(outcome.reason, f"{outcome.name} was not added", "bad")
