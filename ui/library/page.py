"""The Library page: add documents, watch them being indexed, look into them, remove them."""

from __future__ import annotations

import streamlit as st

from rag.errors import RanklensError
from ranklens import job_kinds
from ranklens.adding import needs_password
from ranklens.languages import advice
from ui.library import collections, document, documents, imports, indexing, uploads
from ui.shared import frame, jobs, samples, state
from ui.shared.collections import current as chosen_collection
from ui.shared.collections import for_documents, target
from ui.shared.html import macro

MOST_LOCKED = 3  # documents whose passwords are asked for at once


def page() -> None:
    """Show the page."""
    library = state.library()
    frame.title("Library", "The documents that questions are answered from.")
    chosen_one = chosen_collection(library)
    if state.may(library, "add", for_documents(library)):
        uploads.show(library)
    if state.may(library, "settings"):
        imports.show(library)
    indexing.show(library)
    if state.may(library, "measure"):
        jobs.interrupted(library, job_kinds.SAMPLES)
    if state.may(library, "collect", target(library)):
        collections.manager(library)
    held = library.documents(chosen_one)
    if not held:
        frame.empty(
            "No documents yet", "Drop files into the box above; they are ready to ask in moments."
        )
        samples.offer(library)
        return
    if better := advice(library.settings.library, library.encoder):
        frame.notice(better, "Another encoder would help")
    tags = library.tags.all()
    shown = documents.chosen(held, tags)
    st.html(documents.totals(shown, held))
    if not shown:
        frame.empty("No document fits", "Change the words or the tags above the table.")
        return
    chosen = documents.table(shown, tags)
    if chosen is None:
        locked = [one for one in shown if needs_password(one)]
        for one in locked[:MOST_LOCKED]:
            frame.notice(f"{one.reason}.", one.name, "warn")
            document.unlock(library, one)
        failed = [one for one in shown if one.reason and one not in locked[:MOST_LOCKED]]
        partial = [one for one in shown if one.warnings]
        st.html(macro("unselected", document.TEMPLATE)(failed, partial))
        return
    try:
        document.show(library, chosen)
    except RanklensError as error:
        state.problem(error)


page()
