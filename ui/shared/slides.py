"""Slides over the whole window: pictures, one at a time, with keys, buttons and export.

present.js moves between them with the arrow keys and saves the one that is shown as SVG or PNG,
which the browser draws itself. A window that is higher than wide gets the upright pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from rag.evaluate.reports.slides import Slide

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

HERE = Path(__file__).parent
STYLE = "shared/slides.css"


def file_stem(name: str) -> str:
    """Return a name as the start of a file's name."""
    return "".join(c if c.isalnum() else "-" for c in name)[:60]


def present(
    slides: Sequence[Slide], stem: str, at: int, on_end: Callable[[], None]
) -> DeltaGenerator:
    """Fill the window with slides from number ``at``; ``on_end`` is called when they are closed.

    Returns the container beside the buttons, for more of them.
    """
    player = st.components.v2.component(
        "ranklens_slides",
        html=(HERE / "present.html").read_text("utf-8"),
        css=(HERE / "present.css").read_text("utf-8"),
        js="\n".join((HERE / name).read_text("utf-8") for name in ("listen.js", "present.js")),
    )
    data = {
        "slides": [
            {"title": one.title, "svg": str(one.svg), "upright": str(one.upright)} for one in slides
        ],
        "at": max(1, min(at, len(slides))),
        "stem": stem,
    }
    with st.container(key="presenter", gap=None):
        player(key="slides", data=data, on_end_change=on_end)
        return st.container(key="presenter_more")
