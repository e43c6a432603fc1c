"""The viewer: a passage highlighted in its own document, of any format.

A PDF or a picture shows its page, marked; slides, sheets and texts show their blocks, marked.
Nothing of a document is ever rendered as markup, and the file itself is only offered as a download.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

import streamlit as st
from markupsafe import Markup

from rag.errors import DocumentError
from rag.types import Chunk
from ranklens import viewing
from ranklens.viewing import PageImage, PasswordNeeded, SourceDocument
from ui.shared import frame, passwords, source_text
from ui.shared.html import render
from ui.shared.source_text import Marking, TextRange

if TYPE_CHECKING:
    from ranklens.library import Library

UNMARKED = (
    "It is not known where this document's words stand on its pages: it was added by an earlier "
    "version. Index it again to see passages marked; here is the passage as it was read."
)
MOST_PAGES = 64
_PAGE = "source_page"


def reset() -> None:
    """Let the viewer begin at the passage's own page again."""
    st.session_state.pop(_PAGE, None)


def show(library: Library, chunk: Chunk, quotes: Sequence[TextRange] = ()) -> None:
    """Show a passage in its document, with its pages to turn and its file to download.

    ``quotes`` are the ranges of the passage's text that an answer quotes.
    """
    frame.style("shared/source.css")
    source = viewing.source_of(library, chunk)
    if source is None:
        frame.notice("The document has changed or is gone since; this is what was read from it.")
        st.html(source_text.alone(chunk, quotes))
        return
    marking = Marking.of(chunk, quotes)
    number = st.session_state.get(_PAGE, chunk.page) if chunk.page is not None else None
    _bar(library, source, chunk, number)
    if number is None:
        st.html(source_text.around(source.parsed, marking))
    elif source.is_drawn:
        _drawn(library, source, chunk, quotes, number)
    else:
        frame_class = "rl-slide" if source.unit == "slide" else "rl-sheet"
        st.html(source_text.page(source.parsed, number, marking, frame_class))


def _drawn(
    library: Library, source: SourceDocument, chunk: Chunk, quotes: Sequence[TextRange], number: int
) -> None:
    name, marking = source.document.name, Marking.of(chunk, quotes)
    password = passwords.known(name)
    try:
        image = _image(source.document.digest, number, password, library, name)
    except DocumentError as error:
        if isinstance(error, PasswordNeeded):
            _ask_password(name, error)
        else:
            frame.notice(str(error), "The page itself cannot be shown; this is its text", "warn")
        st.html(source_text.page(source.parsed, number, marking))
        return
    page = marked(image, source, number, marking)
    if number == chunk.page and "<mark" not in page:
        frame.notice(UNMARKED)
        st.html(source_text.alone(chunk, quotes))
    st.html(page)


@st.cache_data(max_entries=MOST_PAGES, show_spinner="Drawing the page…")
def _image(digest: str, number: int, password: str, _library: Library, _name: str) -> PageImage:
    """Return a page's image; drawn once for each file (by digest), page and password."""
    return viewing.page_image(_library, _name, number, password)


def marked(image: PageImage, source: SourceDocument, number: int, marking: Marking) -> Markup:
    """Return page ``number`` of a document as HTML, what of the passage is on it marked."""
    return render(
        "shared/source_page.html",
        image=image,
        data=base64.b64encode(image.webp).decode(),
        title=f"Page {number} of {source.document.name}",
        marks=[
            (kind, mark)
            for start, end, kind in marking.pieces(*marking.passage)
            for mark in source.marks(number, start, end)
        ],
    )


def _ask_password(name: str, error: PasswordNeeded) -> None:
    """Ask for the password of an encrypted document, whose text was read when it was added."""
    wrong = bool(passwords.known(name))
    text = "That password does not open it." if wrong else f"{error}, and it is kept nowhere."
    frame.notice(text, "Its password shows the page itself; this is its text", "warn")
    if password := passwords.ask("unlock_page", "Show the page"):
        passwords.remember(name, password)
        st.rerun(scope="fragment")


def _bar(library: Library, source: SourceDocument, chunk: Chunk, number: int | None) -> None:
    """Show the buttons: pages to turn, the way back to the passage, the file."""
    name = source.document.name
    with st.container(horizontal=True, vertical_alignment="center", key="source_bar"):
        if number is not None and (pages := source.parsed.pages) is not None:
            _turn("Previous", "left", number - 1, number > 1)
            frame.say(f"{source.unit} {number} of {pages}", width="content")
            _turn("Next", "right", number + 1, number < pages)
            if number != chunk.page:
                st.button("Back to the passage", on_click=reset)
        if source.document.ocr:
            frame.say(source.document.ocr, width="content")
        st.download_button(
            "Original file",
            lambda: library.file(name).read_bytes(),
            file_name=name.replace("/", "_"),
            mime="application/octet-stream",
            icon=":material/download:",
            on_click="ignore",
            key="source_file",
        )


def _turn(label: str, side: Literal["left", "right"], to: int, possible: bool) -> None:
    st.button(
        label,
        icon=f":material/chevron_{side}:",
        icon_position=side,
        key=f"source_{label}",
        disabled=not possible,
        on_click=partial(st.session_state.__setitem__, _PAGE, to),
    )
