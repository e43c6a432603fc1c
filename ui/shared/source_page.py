"""A PDF's own page with the passage marked on it: an image, and a mark over every line."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from ingest.locate import Located, Mark, locate, marks
from ingest.page import SCALE, PageImage, draw
from rag.settings import Settings
from ui.shared.frame import escape

Place = tuple[int, int]
MOST_PAGES = 64
ENOUGH = 0.9


@st.cache_data(max_entries=MOST_PAGES, show_spinner="Drawing the page…")
def drawn(
    digest: str, number: int, scale: float, password: str, _path: Path, _settings: Settings
) -> PageImage:
    """Return a page's image; drawn once for each file (by digest), page, scale and password."""
    return draw(_path, number, _settings, scale, password)


def image_of(
    digest: str, number: int, path: Path, settings: Settings, password: str = ""
) -> PageImage:
    """Return page ``number`` of a document; raises `DocumentError` where it cannot be drawn."""
    return drawn(digest, number, SCALE, password, path, settings)


def marked(
    image: PageImage, title: str, passage: str = "", quotes: Sequence[Place] = ()
) -> tuple[str, float]:
    """Return a page as HTML with a passage and its quotes marked, and the share that was found."""
    found = locate(passage, image.text)
    quoted = sorted({place for quote in quotes for place in found.within(*quote)})
    rest = sorted(set(found.within(0, len(passage))) - set(quoted))
    layers = _layer(image, rest, "passage") + _layer(image, quoted, "quote")
    source = base64.b64encode(image.webp).decode()
    html = (
        f'<div class="rl-page" style="aspect-ratio:{image.width}/{image.height}">'
        f'<img alt="{escape(title)}" src="data:image/webp;base64,{source}">{layers}</div>'
    )
    return html, found.share if passage else 1.0


def missing(found: Located | float) -> str:
    """Say in words how much of a passage could not be marked; nothing where all of it was."""
    share = found.share if isinstance(found, Located) else found
    if share >= ENOUGH:
        return ""
    if share < 0.1:
        return "The passage could not be found in the page's own text; here it is as it was read."
    return f"Only {share:.0%} of the passage could be marked on the page; here is all of it."


def _layer(image: PageImage, places: Sequence[int], kind: str) -> str:
    boxes = image.boxes.tolist()
    return "".join(_mark(mark, kind) for mark in marks(places, image.text, boxes))


def _mark(mark: Mark, kind: str) -> str:
    """Return one mark; its words are there for screen readers and for search in the page."""
    at = f"left:{mark.left:.3%};top:{mark.top:.3%}"
    size = f"width:{mark.right - mark.left:.3%};height:{mark.bottom - mark.top:.3%}"
    return f'<mark class="{kind}" style="{at};{size}"><span>{escape(mark.text)}</span></mark>'
