"""The viewer: a passage highlighted in its own document, whatever its format.

A PDF shows its page, marked; slides, sheets and texts show their blocks, marked. Nothing of a
document is ever rendered as markup, and the file itself is only offered as a download.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import streamlit as st

from ingest.page import PageImage, PasswordNeeded
from rag.errors import DocumentError, RanklensError
from rag.types import Chunk
from ui.shared import frame, passwords, source_page, source_text
from ui.shared.source_text import Marking

if TYPE_CHECKING:
    from ingest.parse import Parsed
    from rag.store.catalogue import Document
    from ranklens.library import Library

Place = tuple[int, int]
PDF = "application/pdf"
SLIDES = ".presentationml.presentation"
SHEETS = ".spreadsheetml.sheet"
STYLE = Path(__file__).with_name("source.css")
_PAGE = "source_page"


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage and the places in its text that an answer quotes."""

    chunk: Chunk
    quotes: tuple[Place, ...] = ()

    def marking(self) -> Marking:
        """Return what to mark, as places of the document's text."""
        start = self.chunk.start
        quotes = tuple((start + a, start + b) for a, b in self.quotes)
        return Marking((start, self.chunk.end), quotes)


def reset() -> None:
    """Let the viewer begin at the passage's own page again."""
    st.session_state.pop(_PAGE, None)


def show(library: Library, passage: Passage) -> None:
    """Show a passage in its document, with its pages to turn and its file to take along."""
    chunk = passage.chunk
    st.html(STYLE)
    document = _document(library, chunk.document)
    parsed = _parsed(library, chunk)
    if document is None or parsed is None:
        frame.notice("The document has changed or is gone since; this is what was read from it.")
        st.html(_plain(passage))
        return
    number = st.session_state.get(_PAGE, chunk.page) if chunk.page is not None else None
    _bar(library, document, chunk, number, parsed)
    if number is None:
        st.html(source_text.around(parsed, passage.marking()))
    elif parsed.media_type == PDF:
        _pdf(library, document, parsed, passage, number)
    else:
        kind = "rl-slide" if parsed.media_type.endswith(SLIDES) else "rl-sheet"
        body = source_text.page(parsed, number, passage.marking())
        st.html(f'<div class="{kind}">{body}</div>')


def unit_of(media_type: str) -> str:
    """Say what a document of that type is divided into."""
    if media_type.endswith(SLIDES):
        return "slide"
    return "sheet" if media_type.endswith(SHEETS) else "page"


def _document(library: Library, name: str) -> Document | None:
    return next((d for d in library.documents() if d.name == name and d.status == "ready"), None)


def _parsed(library: Library, chunk: Chunk) -> Parsed | None:
    """Return the document's text; None where the passage is no longer in it."""
    try:
        parsed = library.parsed(chunk.document)
    except RanklensError:
        return None
    return parsed if parsed.text[chunk.start : chunk.end] == chunk.text else None


def _plain(passage: Passage) -> str:
    text = passage.chunk.text
    marking = Marking((0, len(text)), passage.quotes)
    return f'<div class="rl-context" tabindex="0">{marking.show(text, 0, len(text))}</div>'


def _pdf(
    library: Library, document: Document, parsed: Parsed, passage: Passage, number: int
) -> None:
    try:
        image = _image(library, document, number)
    except PasswordNeeded as error:
        _locked(document.name, error)
        st.html(source_text.page(parsed, number, passage.marking()))
        return
    except DocumentError as error:
        frame.notice(str(error), "The page itself cannot be shown; this is its text", "warn")
        st.html(source_text.page(parsed, number, passage.marking()))
        return
    title = f"Page {number} of {document.name}"
    html = source_page.marked(image, title, parsed, number, passage.marking())
    if number == passage.chunk.page and "<mark" not in html:
        frame.notice(source_page.UNMARKED)
        st.html(_plain(passage))
    st.html(html)


def _image(library: Library, document: Document, number: int) -> PageImage:
    file, password = library.file(document.name), passwords.known(document.name)
    return source_page.image_of(document.digest, number, file, library.settings, password)


def _locked(name: str, error: PasswordNeeded) -> None:
    """Ask for the password of an encrypted document, whose text was read when it was added."""
    wrong = bool(passwords.known(name))
    told = "That password does not open it." if wrong else f"{error}, and it is kept nowhere."
    frame.notice(told, "Its password shows the page itself; this is its text", "warn")
    if password := passwords.ask("unlock_page", "Show the page"):
        passwords.remember(name, password)
        st.rerun(scope="fragment")


def _bar(
    library: Library, document: Document, chunk: Chunk, number: int | None, parsed: Parsed
) -> None:
    """Show the buttons: pages to turn, the way back to the passage, the file."""
    with st.container(horizontal=True, vertical_alignment="center", key="source_bar"):
        if number is not None and (pages := parsed.pages) is not None:
            unit = unit_of(parsed.media_type)
            _turn("Previous", ":material/chevron_left:", number - 1, number > 1)
            st.html(f'<p class="rl-say">{unit} {number} of {pages}</p>', width="content")
            _turn("Next", ":material/chevron_right:", number + 1, number < pages)
            if number != chunk.page:
                st.button("Back to the passage", on_click=reset)
        st.download_button(
            "Original file",
            lambda: library.file(document.name).read_bytes(),
            file_name=document.name.replace("/", "_"),
            mime="application/octet-stream",
            icon=":material/download:",
            on_click="ignore",
            key="source_file",
        )


def _turn(label: str, icon: str, to: int, possible: bool) -> None:
    def go() -> None:
        st.session_state[_PAGE] = to

    side: Literal["left", "right"] = "right" if label == "Next" else "left"
    st.button(
        label,
        icon=icon,
        icon_position=side,
        key=f"source_{label}",
        disabled=not possible,
        on_click=go,
    )
