"""What a link shares (`?shared=…`), to be read and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from rag.evaluate.reports import report
from rag.evaluate.reports.rendering import STYLE, part
from rag.text.plural import plural
from ranklens import evaluations, sharing
from ranklens.comparing import describe_pipeline
from ranklens.hiding import hidden
from ui.shared import frame, html
from ui.shared.html import macro
from ui.shared.prose import written

if TYPE_CHECKING:
    from ranklens.library import Library
    from ranklens.measuring import Figures


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
    if left_out := found.shown.get("left_out"):
        frame.say(
            f"{plural(left_out, 'question is', 'questions are')} left out: the documents behind "
            "the answer have changed, or may not be seen any more."
        )
    if found.kind == "comparison" and (pipelines := found.shown.get("pipelines")):
        st.html(macro("sides", "shared/shared_link.html")(pipelines))
    if found.kind == "votes":
        called = partial(describe_pipeline, library.settings)
        tallies = found.shown["tallies"]
        html.show("compare/tallies.html", title="Votes", tallies=tallies, called=called)
    if found.figures:
        _report(library, found.figures)
    st.download_button(
        "All of it as JSON",
        _json(library, found.shown),
        f"{found.kind}.json",
        "application/json",
        icon=":material/download:",
        on_click="ignore",
        key="shared_json",
    )


def _report(library: Library, figures: Figures) -> None:
    frame.style(STYLE)
    summary = report.summarise(figures)
    if summary.verdict:
        st.html(part("verdict")(summary.verdict))
    st.html(part("figures")(summary.stages))
    st.download_button(
        "Report",
        lambda: hidden(evaluations.report_page(figures), library.settings),
        "report.html",
        "text/html",
        icon=":material/description:",
        on_click="ignore",
        key="shared_report",
    )


def _json(library: Library, shown: Mapping[str, Any]) -> str:
    pipelines = shown.get("pipelines", ())
    if isinstance(pipelines, Mapping):  # of an evaluation, by name
        options = [one["settings"] for one in pipelines.values()]
    else:
        sides = [*shown.get("turns", ()), *pipelines, {"trace": shown}]
        options = [one["trace"].get("settings", {}) for one in sides if one["trace"]]
    text = json.dumps(shown, ensure_ascii=False, indent=2)
    return hidden(text, library.settings, *options)
