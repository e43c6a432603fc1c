"""The Library page: add documents, watch them being indexed, look into them, remove them."""

from __future__ import annotations

import streamlit as st

from rag.errors import RanklensError
from ui.library import document, documents, indexing, uploads
from ui.shared import frame, state
from ui.shared.html import macro


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
        failed = [one for one in held if one.reason]
        partial = [one for one in held if one.warnings]
        st.html(macro("unselected", document.TEMPLATE)(failed, len(partial)))
        return
    try:
        document.show(library, chosen)
    except RanklensError as error:
        state.problem(error)


page()
