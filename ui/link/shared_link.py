"""What a link shares (`?shared=…`), to be read and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from rag.evaluate.reports import report
from rag.evaluate.reports.rendering import STYLE, part
from rag.text.plural import plural
from rag.trace import from_dict
from rag.types import Trace
from ranklens import evaluations, sharing, viewing
from ranklens.comparing import SideBySide, describe_pipeline
from ranklens.hiding import hidden
from ui.compare import answers, rankings
from ui.shared import drawer, frame, html, passages
from ui.shared.answer_text import rendered, sources

if TYPE_CHECKING:
    from ranklens.library import Library
    from ranklens.measuring import Figures

COLUMN = 760  # pixels: what can be read of a conversation without losing the line


def show(library: Library, secret: str) -> None:
    """Show the thing and nothing else; raises `NotThere` if the link leads nowhere."""
    found = sharing.follow(library, secret)
    until = f"{found.expires.astimezone():%d %b %Y, %H:%M}"
    frame.title(found.title, f"Shared by {found.account}, to be read until {until}.")
    if found.kind == "conversation":
        _conversation(library, found.shown)
    if found.kind == "comparison":
        _comparison(library, sharing.side_by_side(found.shown))
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


def _conversation(library: Library, shown: Mapping[str, Any]) -> None:
    traces = {}
    for number, turn in enumerate(shown["turns"], 1):
        trace = traces[number] = from_dict(turn["trace"])
        with st.container(key=f"turn-{number}", width=COLUMN):
            frame.question(turn["question"])
            if trace.answer:
                html.show("ask/answer.html", text=rendered(trace.answer, trace.given))
                mark = viewing.marker(library, trace.question)
                st.html(sources(trace, trace.answer, mark))
    if left_out := shown["left_out"]:
        frame.say(
            f"{plural(left_out, 'question is', 'questions are')} left out: the documents behind "
            "the answer have changed, or may not be seen any more."
        )
    _drawer(lambda _passage, turn: traces.get(int(turn or 0)))


def _comparison(library: Library, made: SideBySide) -> None:
    frame.style("compare/compare.css")
    labels = {side.name: side.name for side in made.sides}
    for side in made.sides:
        if side.problem:
            frame.notice(side.problem, side.name, "warn")
    answers.show(made, labels)
    rankings.chart(made, labels)
    rankings.passages(made, labels, viewing.marker(library, made.question))
    _drawer(lambda passage, _turn: made.trace_with(passage))


@st.fragment
def _drawer(trace_of: Callable[[str, str], Trace | None]) -> None:
    """Open the passage that was clicked; ``trace_of`` (passage, turn) finds the trace it is in."""
    if clicked := passages.clicked("shared_passages"):
        chunk_id, _, turn = clicked.partition("@")
        if trace := trace_of(chunk_id, turn):
            drawer.open_shared(trace, chunk_id)


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
