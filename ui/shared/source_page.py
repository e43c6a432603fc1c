"""A PDF's own page with the passage marked on it: an image, and a mark over every line."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from ingest.boxes import Mark, marks
from ingest.page import SCALE, PageImage, draw
from rag.settings import Settings
from ui.shared.frame import escape
from ui.shared.source_text import Marking

if TYPE_CHECKING:
    from ingest.parse import Parsed

MOST_PAGES = 64
UNMARKED = (
    "It is not known where this document's words stand on its pages: it was added by an earlier "
    "version. Index it again to see passages marked; here is the passage as it was read."
)


@st.cache_data(max_entries=MOST_PAGES, show_spinner="Drawing the page…")
def drawn(
    digest: str, number: int, scale: float, password: str, _path: Path, _settings: Settings
) -> PageImage:
    """Return a page's image; drawn once for each file (by digest), page, scale and password."""
    return draw(_path, number, _settings, scale, password)


def image_of(
    digest: str, number: int, path: Path, settings: Settings, password: str = ""
) -> PageImage:
    """Return page ``number`` of a document; raises `DocumentError` if it cannot be drawn."""
    return drawn(digest, number, SCALE, password, path, settings)


def marked(image: PageImage, title: str, parsed: Parsed, number: int, marking: Marking) -> str:
    """Return page ``number`` of a document as HTML, what of the passage is on it marked."""
    layers = "".join(
        _mark(mark, kind)
        for start, end, kind in marking.pieces(*marking.passage)
        for mark in marks(parsed.boxes, parsed.text, number, start, end)
    )
    source = base64.b64encode(image.webp).decode()
    return (
        f'<div class="rl-page" style="aspect-ratio:{image.width}/{image.height}">'
        f'<img alt="{escape(title)}" src="data:image/webp;base64,{source}">{layers}</div>'
    )


def _mark(mark: Mark, kind: str) -> str:
    """Return one mark; its words are there for screen readers and for search in the page."""
    at = f"left:{mark.left:.3%};top:{mark.top:.3%}"
    size = f"width:{mark.right - mark.left:.3%};height:{mark.bottom - mark.top:.3%}"
    return f'<mark class="{kind}" style="{at};{size}"><span>{escape(mark.text)}</span></mark>'
