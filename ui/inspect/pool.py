"""The pool as a whole: score distributions, how much was read, and passages that repeat others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from markupsafe import Markup

from rag.errors import RanklensError
from rag.types import Stage, Trace
from ranklens.inspecting import NEAR, SHINGLE, Inspection, Readings, Twin, cut_of
from ranklens.viewing import Marker
from ui.shared import frame
from ui.shared.html import render
from ui.shared.html import show as show_html
from ui.shared.stages import number, unit


def show(inspection: Inspection, mark: Marker) -> None:
    """Show the distributions, then every passage of the last ranking."""
    trace = inspection.trace
    hits = trace.stages[-1].hits
    if not hits:
        frame.empty("No passage was found", "There is nothing in the pool of this question.")
        return
    st.html(strips(trace))
    try:
        read = inspection.readings
    except RanklensError as error:
        frame.notice(str(error), "How much was read is not known", "warn")
        read = None
    alike = inspection.twins
    about = _about(read, alike, len(hits))
    show_html("inspect/head.html", title="Every passage of the pool", text=about, more=False)
    show_html(
        "inspect/pool.html",
        rows=list(
            zip(
                hits,
                read.passages if read else [None] * len(hits),
                [alike.get(hit.chunk.id) for hit in hits],
                strict=True,
            )
        ),
        ranks={hit.chunk.id: hit.rank for hit in hits},
        cut=len(trace.evidence) + 1 if trace.evidence else 0,
        mark=mark,
    )


def strips(trace: Trace) -> Markup:
    """Return a strip plot of each stage's scores as HTML, the cut of the last one marked."""
    given = {hit.chunk.id for hit in trace.evidence}
    stages = [_strip(stage, trace) for stage in trace.stages if stage.hits]
    return render("inspect/strips.html", stages=stages, given=given)


def _strip(stage: Stage, trace: Trace) -> dict[str, Any]:
    """Return what the template draws of one stage; a cut's text is where the scores go on."""
    low, high = stage.hits[-1].score, stage.hits[0].score
    cut = cut_of(stage, trace)
    what = "evidence" if stage is trace.stages[-1] else "pool"
    return {
        "name": stage.name,
        "unit": unit(stage.name, trace),
        "hits": stage.hits,
        "low": low,
        "high": high,
        "span": high - low or 1.0,
        "cut": cut,
        "cut_text": "" if cut is None else f"{what} from {number(stage.name, cut)}",
    }


def _about(read: Readings | None, alike: Mapping[str, Twin], count: int) -> str:
    """Return in two sentences how much was read and what repeats."""
    if read is None:
        first = "This reranker does not report how much of a passage it reads."
    else:
        cut = sum(one.read < one.total for one in read.passages)
        limit = read.passages[0].limit if read.passages else 0
        beside = " with the question" if any(one.beside for one in read.passages) else ""
        how = (
            f"{cut} of {count} passages {'was' if cut == 1 else 'were'} cut"
            if cut
            else "every passage was read whole"
        )
        first = f"{read.reranker} reads {limit:,} tokens of a passage{beside}: {how}."
    words = f"{NEAR:.0%} of their runs of {SHINGLE} words"
    if not alike:
        return f"{first} None repeats another (that would be sharing {words})."
    repeat = "repeats" if len(alike) == 1 else "repeat"
    share = f"they share at least {words}"
    return f"{first} {len(alike)} of {count} {repeat} a better passage ({share})."
