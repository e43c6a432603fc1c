"""The Library page: add documents, watch them being indexed, look into them, remove them."""

from __future__ import annotations

import streamlit as st

from rag.errors import RanklensError
from ui.library import document, documents, indexing, uploads
from ui.shared import frame, state


def page() -> None:
    """Show the page."""
    library = state.library()
    frame.title("Library", "The documents that questions are answered from.")
    uploads.show(library)
    indexing.show(library)
    held = library.documents()
    if not held:
        frame.empty(
            "No documents yet", "Drop files into the box above; they are ready to ask in moments."
        )
        return
    chosen = documents.table(held)
    if chosen is None:
        failures = documents.failures(held)
        st.html(f'{failures}<p class="rl-say">Select a document to see its passages.</p>')
        return
    try:
        document.show(library, chosen)
    except RanklensError as error:
        state.problem(error)


page()
