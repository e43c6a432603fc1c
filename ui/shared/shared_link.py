"""What a link shares (`?shared=…`), to be read: a conversation; of anything else, its figures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import streamlit as st

from ranklens import sharing
from ui.shared import frame
from ui.shared.prose import written

if TYPE_CHECKING:
    from ranklens.library import Library


def show(library: Library, secret: str) -> None:
    """Show the thing and nothing else; raises `NotThere` if the link leads nowhere."""
    found = sharing.follow(library, secret)
    until = f"{found.expires.astimezone():%d %b %Y, %H:%M}"
    frame.title(found.title, f"Shared by {found.account}, to be read until {until}.")
    for turn in found.shown.get("turns", ()):
        frame.question(turn["question"])
        answer = turn["trace"]["answer"] or {}
        st.html(written(answer.get("text", "")))
        used = {hit["chunk"]["document"] for hit in turn["trace"]["stages"][-1]["hits"]}
        frame.say("From " + ", ".join(sorted(used)))
    st.download_button(
        "All of it as JSON",
        json.dumps(found.shown, ensure_ascii=False, indent=2),
        f"{found.kind}.json",
        "application/json",
        icon=":material/download:",
        on_click="ignore",
        key="shared_json",
    )
