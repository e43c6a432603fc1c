"""Passages on the page: their names, the chips that cite them, and the click that opens one.

Any element with a ``data-passage`` attribute opens that passage. The attribute survives the
sanitiser of `st.html`, and one small listener (`clicked`) tells Python about the click, so chips
work inside streamed text and tables without a widget each.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

import streamlit as st

from rag.types import Chunk
from ui.components.frame import escape

_LISTENER = r"""
export default function ({ setTriggerValue }) {
  const tell = (event) => {
    const target = event.target.closest?.("[data-passage]");
    if (!target) return;
    const turn = target.closest("[class*=st-key-turn-]")?.className.match(/st-key-turn-(\d+)/);
    setTriggerValue("passage", target.dataset.passage + (turn ? "@" + turn[1] : ""));
  };
  document.addEventListener("click", tell);
  return () => document.removeEventListener("click", tell);
}
"""

_REVEAL = """
export default function () {
  const find = (what) => document.querySelector(`[role=dialog] ${what}`);
  const target = find("mark.quote") ?? find("mark") ?? find(".passage");
  target?.scrollIntoView({ block: "center" });
}
"""

_BRING = """
export default function () {
  const turn = document.querySelector(".st-key-turn-new");
  const box = turn?.getBoundingClientRect();
  if (box && (box.top < 0 || box.top > innerHeight / 2)) turn.scrollIntoView({ block: "start" });
}
"""


def bring_into_view(key: str) -> None:
    """Scroll to the question that was just asked, where it is out of sight."""
    st.components.v2.component("ranklens_asked", html="<i hidden></i>", js=_BRING)(
        key=key, height=1
    )


def reveal(key: str) -> None:
    """Scroll the drawer to the first marked words, or else to the passage."""
    st.components.v2.component("ranklens_reveal", html="<i hidden></i>", js=_REVEAL)(
        key=key, height=1
    )


def clicked(key: str) -> str | None:
    """Mount the listener; return the id of the passage whose chip was clicked just now.

    A chip within a turn of a conversation adds the turn's number: ``ID@TURN``.
    """
    listener = st.components.v2.component("ranklens_passages", html="<i hidden></i>", js=_LISTENER)
    return listener(key=key, height=1, on_passage_change=lambda: None).passage


def place(chunk: Chunk) -> str:
    """Say where in its document a passage stands: its page, else its last heading, else nothing."""
    if chunk.page is not None:
        return f"page {chunk.page}"
    return chunk.heading[-1] if chunk.heading else ""


def where(chunk: Chunk) -> str:
    """Say in full where in its document a passage stands: page and path of headings."""
    page = "" if chunk.page is None else f"page {chunk.page}"
    return " · ".join(filter(None, (page, " › ".join(chunk.heading))))


def named(chunk: Chunk) -> str:
    """Name a passage by its document (without suffix) and place, as text."""
    return " · ".join(filter(None, (PurePath(chunk.document).stem, place(chunk))))


def snippet(chunk: Chunk, length: int = 160) -> str:
    """Return the start of a passage on one line, as text."""
    words = " ".join(chunk.text.split())
    return words if len(words) <= length else words[: length - 1].rstrip() + "…"


def opener(chunk: Chunk, below: bool = False) -> str:
    """Return HTML that names a passage and opens it; ``below`` adds the start of its text."""
    text = f'<span class="snippet">{escape(snippet(chunk))}</span>' if below else ""
    spot = f'<span class="spot"> · {escape(place(chunk))}</span>' if place(chunk) else ""
    stem = escape(PurePath(chunk.document).stem)
    return (
        f'<button type="button" class="rl-open" data-passage="{escape(chunk.id)}" '
        f'title="{escape(snippet(chunk, 400))}">'
        f'<span class="name"><span class="stem">{stem}</span>{spot}</span>{text}</button>'
    )


def chip(number: int, chunk: Chunk) -> str:
    """Return the HTML of a citation chip that opens the cited passage."""
    return (
        f'<button type="button" class="rl-cite" data-passage="{escape(chunk.id)}" '
        f'title="{escape(named(chunk))}" aria-label="Source {number}, {escape(named(chunk))}">'
        f"{number}</button>"
    )


def table(head: str, rows: Sequence[str]) -> str:
    """Return a scrolling table as HTML, from its head's cells and its rows (both HTML)."""
    return (
        '<div class="rl-scroll" tabindex="0"><table class="rl-table">'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )
