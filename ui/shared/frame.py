"""What every page has: the logo, the style sheet, headings, notices and empty states.

Text from outside (file names, document text, answers, questions) reaches the page only through
templates, which escape it, or `plain` here: Streamlit's own elements read Markdown in their labels.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import streamlit as st

from rag.text.quoting import as_it_reads
from ui.headers import EARLY
from ui.shared import places
from ui.shared.html import UI, macro, show

HERE = Path(__file__).parent
ICON = str(HERE / "mark.svg")

_MARKDOWN = str.maketrans({sign: f"\\{sign}" for sign in r"\`*_{}[]()<>#+-.!|~$:&"})


def plain(text: str) -> str:
    """Return text as Markdown that shows it literally, for labels of buttons.

    Elsewhere Streamlit would still turn bare addresses into links: use a template there.
    """
    return " ".join(as_it_reads(text).split()).translate(_MARKDOWN)


def dress() -> None:
    """Put the logo, the style sheet and the script that hears early clicks on the page."""
    st.logo(ICON, size="large")
    style("shared/frame.css")
    with st.container(key="early"):
        st.html(f"<script>{EARLY.read_text('utf-8')}</script>", unsafe_allow_javascript=True)


def style(*names: str | Path) -> None:
    """Put style sheets on the page: those of ``ui/`` (``ask/chat.css``), others by whole path."""
    for name in names:
        st.html(UI / name)


def dress_dialog() -> None:
    """Give a dialog the page's colours, for Streamlit sets the page's color-scheme further in."""
    show("shared/dialog.html", dark=st.context.theme.type == "dark")


def title(text: str, lead: str = "") -> None:
    """Show a page's heading and one line on what the page is for."""
    st.html(macro("title")(text, lead))


def notice(text: str, headline: str = "", tone: Literal["", "warn", "bad"] = "") -> None:
    """Show a message in a quiet box, literally but for commands between backticks."""
    st.html(macro("notice")(places.shown(text), headline, tone))


def empty(headline: str, text: str) -> None:
    """Show that there is nothing here yet, and what to do next."""
    st.html(macro("empty")(headline, text))


def say(text: str, width: Literal["stretch", "content"] = "stretch") -> None:
    """Show a sentence in small type."""
    st.html(macro("say")(text), width=width)


def working(words: str, done: int, total: int, key: str, on_stop: Callable[[], None]) -> None:
    """Show how far work is, in words and as a bar, and a button that stops it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(gap="xsmall"):
            say(words)
            st.progress(min(done / total, 1.0) if total else 0.0)
        st.button("Stop", icon=":material/stop_circle:", key=key, on_click=on_stop)


def label(text: str, element: Literal["h2", "h3", "p"] = "h2") -> None:
    """Show a heading within a page."""
    st.html(macro("label")(text, element))


def question(text: str) -> None:
    """Show a question as the heading of what belongs to it."""
    st.html(macro("question")(text))
