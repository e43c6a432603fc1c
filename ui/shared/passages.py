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
from ui.shared.frame import escape

# One listener for the whole page's life, which the component's instances only lend their way to
# Python: a click between two of them waits. It is told again until Python has said that it came.
_LISTENER = r"""
const clicks = (window.ranklensClicks ??= { tell: null, waiting: null, pressed: null, quiet: 0 });

const note = (chip) => {
  const turn = chip.closest("[class*=st-key-turn-]")?.className.match(/st-key-turn-(\d+)/);
  return chip.dataset.passage + (turn ? "@" + turn[1] : "");
};

const send = () => clicks.waiting && clicks.tell?.("passage", clicks.waiting);

const take = (passage) => {
  clicks.waiting = `${passage}#${Date.now()}`;
  clicks.quiet = 0;
  send();
};

// A click that the page swallowed while it was drawn anew: its chip was replaced under the pointer.
const released = ({ clientX, clientY }) => {
  const pressed = clicks.pressed;
  clicks.pressed = null;
  if (!pressed || pressed.chip.isConnected) return;
  if (Math.hypot(clientX - pressed.x, clientY - pressed.y) < 8) take(pressed.passage);
};

const again = () => {
  const running = document.querySelector('[data-test-script-state="running"]');
  clicks.quiet = clicks.waiting && !running ? clicks.quiet + 1 : 0;
  if (clicks.quiet >= 3) (clicks.quiet = 0), send();
};

const listen = () => {
  const chipOf = (event) => event.target.closest?.("[data-passage]");
  document.addEventListener("pointerdown", (event) => {
    const chip = chipOf(event);
    const at = { x: event.clientX, y: event.clientY };
    clicks.pressed = chip ? { chip, passage: note(chip), ...at } : null;
  });
  document.addEventListener("pointerup", released);
  document.addEventListener("click", (event) => chipOf(event) && take(note(chipOf(event))));
  setInterval(again, 400);
  // A chip that was clicked before there was a listener has the focus, and not by the keyboard.
  const focused = document.activeElement;
  if (focused?.matches("[data-passage]:not(:focus-visible)")) take(note(focused));
};

export default function ({ setTriggerValue, data }) {
  clicks.tell = setTriggerValue;
  if (!clicks.listening) (clicks.listening = true), listen();
  if (data?.seen && data.seen === clicks.waiting) clicks.waiting = null;
  if (clicks.waiting) send();
  return () => {
    if (clicks.tell === setTriggerValue) clicks.tell = null;
  };
}
"""
_SEEN = "passage_seen"

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

    A chip within a turn of a conversation adds the turn's number: ``ID@TURN``. Mount it before
    there are chips, too: it takes a moment to load.
    """

    def seen() -> None:
        st.session_state[_SEEN] = st.session_state[key]["passage"]

    listener = st.components.v2.component("ranklens_passages", html="<i hidden></i>", js=_LISTENER)
    told = {"seen": st.session_state.get(_SEEN)}
    passage = listener(key=key, height=1, data=told, on_passage_change=seen).passage
    return str(passage).partition("#")[0] if passage else None


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
