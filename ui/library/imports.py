"""Importing from a folder of this machine, which is watched then, and from an address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from ranklens import addresses, sources, watching
from ui.shared import collections, frame
from ui.shared.html import macro

if TYPE_CHECKING:
    from ranklens import Library
    from ranklens.sources import Source

TEMPLATE = "library/library.html"
FOLDER, ADDRESS = "import_folder", "import_address"


def show(library: Library) -> None:
    """Show the two forms, and below them every folder and address that documents come from."""
    _report()
    known = library.sources.all()
    label = f"Folders and addresses: {len(known)}" if known else "From a folder or an address"
    with st.expander(label, icon=":material/drive_folder_upload:", key="imports"):
        _form(library, FOLDER, "Folder of this machine", "Import and watch", "/home/me/reports")
        _form(library, ADDRESS, "Address of a document", "Fetch", "https://example.org/a.pdf")
        for source in known:
            _source(library, source)


def _form(library: Library, key: str, label: str, action: str, example: str) -> None:
    refused = "" if key == ADDRESS else watching.refused_for_page(library)
    with (
        st.form(f"form_{key}", border=False, clear_on_submit=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        text = st.text_input(label, key=key, placeholder=example, disabled=bool(refused))
        sent = st.form_submit_button(action, disabled=bool(refused))
    if refused:
        frame.say(f"{refused[:1].upper()}{refused[1:]}.")
    if sent and text.strip():
        with st.spinner("Reading the folder…" if key == FOLDER else "Fetching the document…"):
            st.session_state["imported"] = _imported(library, key, text.strip())
            collections.turn_to(library, collections.for_documents(library))
        st.rerun()


def _imported(library: Library, key: str, text: str) -> tuple[str, str, str]:
    """Import what was typed; return headline, text and tone of what is to be shown of it."""
    into = collections.for_documents(library)
    try:
        if key == ADDRESS:
            outcome = addresses.fetch_address(library, text, into)
            done = {"queued": "It is being indexed"}.get(outcome.status, outcome.reason)
            return outcome.name, f"{done}.", "bad" if outcome.status == "failed" else ""
        _, changes = watching.watch(library, watching.folder_for_page(library, text), into)
    except RanklensError as error:
        return text, f"{error}.", "bad"
    refused = "".join(f" {one}." for one in changes.refused[:3])
    return text, f"{changes.summary()}.{refused}", "warn" if refused else ""


def _report() -> None:
    """Show what came of the last import: the page runs again and again while it is indexed."""
    if done := st.session_state.get("imported"):
        headline, text, tone = done
        frame.notice(text, headline, tone)


def _source(library: Library, source: Source) -> None:
    with st.container(border=True, key=f"source {source.id}"):
        st.html(macro("source", TEMPLATE)(source))
        with st.container(horizontal=True):
            words = "Look now" if source.kind == "folder" else "Fetch again"
            if st.button(words, icon=":material/refresh:", key=f"look {source.id}"):
                with st.spinner("Looking…"):
                    found = sources.look_again(library, source)
                st.session_state["imported"] = (source.place, f"{found}.", "")
                st.rerun()
            stop = "Stop watching" if source.kind == "folder" else "Forget the address"
            help_text = "Its documents stay in the library."
            if st.button(stop, icon=":material/close:", key=f"forget {source.id}", help=help_text):
                library.sources.remove(source)
                st.rerun()
