"""What every page wears: the mark, the style sheet, headings, notices and empty states.

Text from outside (file names, document text, answers, questions) reaches the page only through
`escape` here: Streamlit's own elements read Markdown in most of their labels.
"""

from __future__ import annotations

import html
from pathlib import Path
from typing import Literal

import streamlit as st

from rag.text.quoting import as_it_reads

HERE = Path(__file__).parent
ICON = str(HERE / "mark.svg")

_MARKDOWN = str.maketrans({sign: f"\\{sign}" for sign in r"\`*_{}[]()<>#+-.!|~$:&"})


def escape(text: str) -> str:
    """Return text from outside as HTML that shows it literally, attributes included.

    Places in a text are cut out before they come here: what is shown may be shorter.
    """
    return html.escape(as_it_reads(text), quote=True)


def plain(text: str) -> str:
    """Return text as Markdown that shows it literally, for labels of buttons.

    Elsewhere Streamlit would still turn bare addresses into links: use `escape` there.
    """
    return " ".join(as_it_reads(text).split()).translate(_MARKDOWN)


def dress() -> None:
    """Put the logo and the style sheet on the page."""
    st.logo(ICON, size="large")
    st.html(HERE / "frame.css")


def dress_dialog() -> None:
    """Give a dialog the page's colours: Streamlit draws it outside of what has its color-scheme."""
    kind = "dark" if st.context.theme.type == "dark" else "light"
    st.html(f"<style>[role=dialog] {{ color-scheme: {kind}; }}</style>")


def title(text: str, lead: str = "") -> None:
    """Show a page's heading and one line on what it is for."""
    below = f'<p class="rl-lead">{escape(lead)}</p>' if lead else ""
    st.html(f'<h1 class="rl-title">{escape(text)}</h1>{below}')


def notice(text: str, headline: str = "", tone: Literal["", "warn", "bad"] = "") -> None:
    """Show a message in a quiet box; both texts are shown literally."""
    head = f"<b>{escape(headline)}</b>" if headline else ""
    role = "alert" if tone else "note"
    st.html(f'<div class="rl-notice {tone}" role="{role}">{head}{escape(text)}</div>')


def empty(headline: str, text: str) -> None:
    """Say that there is nothing here yet, and what to do next."""
    st.html(f'<div class="rl-empty"><b>{escape(headline)}</b><p>{escape(text)}</p></div>')
