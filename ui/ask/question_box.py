"""The question box, with questions to start from where the library holds their documents."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from rag.text.plural import plural
from ui.ask import filters
from ui.ask.turn_view import Pending
from ui.shared import frame

if TYPE_CHECKING:
    from ranklens.library import Library

SAMPLES = Path(__file__).parents[2] / "sample_docs" / "questions.jsonl"
MOST = 5


def start(library: Library) -> None:
    """Show the page without a conversation: what it is for, the box, questions to begin with."""
    ready = [document for document in library.documents() if document.status == "ready"]
    frame.title(
        "Ask your documents", "Answers with their sources, and every ranking that led to them."
    )
    if not ready:
        _nothing(library)
        return
    with st.container(key="first_question"):
        box("What would you like to know?")
    passages = sum(document.chunks for document in ready)
    with st.container(key="beginning"):
        filters.strip(library)
        st.html(
            f'<p class="rl-say">{plural(len(ready), "document")}, '
            f"{plural(passages, 'passage')} ready</p>"
        )
        _suggestions({document.name for document in ready})


def box(placeholder: str) -> None:
    """Show the box; what is sent waits as `Pending` before the page runs."""
    st.chat_input(placeholder, key="question", on_submit=_ask)


def _ask(text: str = "") -> None:
    text = (text or st.session_state["question"] or "").strip()
    if text:
        st.session_state["pending"] = Pending(text)


def _suggestions(ready: Collection[str]) -> None:
    found = [entry["question"] for entry in suggested(ready)][:MOST]
    if not found:
        return
    st.html('<p class="rl-label">Questions to start with</p>')
    with st.container(gap=None):
        for number, text in enumerate(found):
            st.button(
                frame.plain(text),
                key=f"suggested_{number}",
                icon=":material/arrow_outward:",
                type="tertiary",
                on_click=_ask,
                args=(text,),
            )


def suggested(ready: Collection[str], path: Path = SAMPLES) -> Iterator[dict[str, Any]]:
    """Yield the sample library's suggested questions whose documents are all in the library."""
    if not path.is_file():
        return
    for line in path.read_text("utf-8").splitlines():
        entry = json.loads(line) if line.strip() else {}
        gold = {passage["document"] for passage in entry.get("gold", ())}
        if entry.get("suggested") and gold <= set(ready):
            yield entry


def _nothing(library: Library) -> None:
    if any(document.status in ("queued", "indexing") for document in library.documents()):
        frame.empty(
            "Your documents are being indexed",
            "You can ask as soon as the first one is ready; the Library page shows how far it is.",
        )
        _until_ready(library)
    else:
        frame.empty(
            "The library is empty",
            "Add a few documents first: PDF, Word, Excel, HTML, Markdown, e-mail and more.",
        )
    with st.container(horizontal_alignment="center"):
        st.page_link("ui/library/page.py", label="Open the library", icon=":material/folder_open:")


@st.fragment(run_every=2.0)
def _until_ready(library: Library) -> None:
    """Show the whole page again as soon as there is something to ask."""
    if any(document.status == "ready" for document in library.documents()):
        st.rerun()
