"""The answer: streamed text with citation chips, what it says about itself, and its sources."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rag.types import Answer, Hit, Trace
from ui.components import frame
from ui.components.frame import escape
from ui.components.passages import chip, opener

if TYPE_CHECKING:
    from rag.pipeline import Pipeline

_MARKER = re.compile(r"\[(\d{1,3})\]")
_BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
_BULLET = re.compile(r"^\s*(?:[-*•]|\d+\.)\s+")
_FRAME_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Slots:
    """The places of an answer's text and of the line below it, held while both are made."""

    body: DeltaGenerator
    foot: DeltaGenerator


def head(question: str) -> Slots:
    """Show the question and hold the answer's place."""
    st.html(f'<h2 class="rl-question">{escape(question)}</h2>')
    return Slots(st.empty(), st.empty())


def searching(slots: Slots) -> None:
    """Say that the question is being searched for."""
    slots.body.html('<div class="rl-answer writing"><p></p></div>')
    slots.foot.html('<p class="rl-foot">Searching…</p>')


def streamed(slots: Slots, pipeline: Pipeline, trace: Trace) -> Answer:
    """Stream the answer of a trace into its place and return it."""
    slots.foot.html('<p class="rl-foot">Writing the answer…</p>')
    text, shown = "", 0.0
    with closing(pipeline.answer(trace)) as answering:
        for piece in answering:
            text += piece
            if time.monotonic() - shown > _FRAME_SECONDS:
                body = rendered(text, trace.evidence)
                slots.body.html(f'<div class="rl-answer writing">{body}</div>')
                shown = time.monotonic()
        return answering.answer


def show(slots: Slots, trace: Trace, answer: Answer) -> None:
    """Show a complete answer, what it says about itself, and the passages it was given."""
    slots.body.html(_text(answer, trace.evidence))
    slots.foot.html(_about(answer, trace.evidence))
    if answer.error:
        kept = "The answer broke off; what arrived is above" if answer.text else "No answer came"
        frame.notice(answer.error, kept, "warn")
    _sources(answer, trace.evidence)


def rendered(text: str, hits: Sequence[Hit], spans: Sequence[tuple[int, int, int]] = ()) -> str:
    """Return an answer's text as HTML: paragraphs, lists, bold and citation chips, nothing else.

    ``spans`` are (start, end, number) of the markers where they are known; while the text
    streams, every ``[n]`` that names a passage is one.
    """
    spans = spans or [(*m.span(), int(m[1])) for m in _MARKER.finditer(text)]
    parts, at = [], 0
    for start, end, number in spans:
        if 1 <= number <= len(hits):
            parts += [_inline(text[at:start].rstrip(" ")), chip(number, hits[number - 1].chunk)]
            at = end
    parts.append(_inline(text[at:]))
    return "".join(_block(block) for block in re.split(r"\n\s*\n", "".join(parts)) if block.strip())


def _inline(text: str) -> str:
    return _BOLD.sub(r"<strong>\1</strong>", escape(text))


def _block(block: str) -> str:
    lines = block.strip("\n").split("\n")
    if all(_BULLET.match(line) for line in lines):
        items = "".join(f"<li>{_BULLET.sub('', line)}</li>" for line in lines)
        return f"<ul>{items}</ul>"
    return f"<p>{block.strip()}</p>"


def _text(answer: Answer, hits: Sequence[Hit]) -> str:
    spans = [(c.start, c.end, c.number) for c in answer.citations]
    body = rendered(answer.text, hits, spans) if spans else _block(_inline(answer.text))
    return f'<div class="rl-answer" data-complete="true">{body}</div>'


def _about(answer: Answer, hits: Sequence[Hit]) -> str:
    cited = len({citation.chunk_id for citation in answer.citations})
    facts = [
        f"{cited} of {len(hits)} passages cited",
        "quoted from your documents, no model"
        if answer.generator == "extractive"
        else answer.generator,
        f"{answer.seconds:.1f} s" if answer.seconds >= 1 else f"{answer.seconds * 1000:.0f} ms",
    ]
    return f'<p class="rl-foot">{"".join(f"<span>{escape(fact)}</span>" for fact in facts)}</p>'


def _sources(answer: Answer, hits: Sequence[Hit]) -> None:
    cited = {citation.chunk_id for citation in answer.citations}
    items = "".join(
        f'<li class="{"cited" if hit.chunk.id in cited else "idle"}">'
        f"{chip(number, hit.chunk)}{opener(hit.chunk, below=True)}</li>"
        for number, hit in enumerate(hits, 1)
    )
    head = "Nearest passages" if answer.refused else "Passages the answer was given"
    if items:
        st.html(f'<p class="rl-label">{head}</p><ul class="rl-sources">{items}</ul>')
