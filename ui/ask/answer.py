"""The answer: streamed text with citation chips, what it says about itself, and its sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rag.generate.support import Check, checks_of
from rag.text.plural import plural
from rag.types import Answer, Hit, Trace
from ui.shared import frame
from ui.shared.frame import escape
from ui.shared.passages import chip, opener
from ui.shared.prose import Inset, written


@dataclass(frozen=True, slots=True)
class Slots:
    """The places of an answer's text and of the line below it, held while both are made."""

    body: DeltaGenerator
    foot: DeltaGenerator


def show(slots: Slots, trace: Trace, answer: Answer) -> None:
    """Show a complete answer and what it says about itself."""
    slots.body.html(_text(answer, trace.evidence))
    with slots.foot.container(gap="small"):
        if answer.error:
            kept = (
                "The answer broke off; what arrived is above" if answer.text else "No answer came"
            )
            frame.notice(answer.error, kept, "warn")
        st.html(_about(answer, trace.evidence) + _thinking(answer))


def below(trace: Trace, answer: Answer) -> None:
    """Show what is worth a second look, and the passages that the answer was given."""
    if checks := checks_of(answer):
        st.html(f'<ul class="rl-checks">{"".join(_check(check) for check in checks)}</ul>')
    _sources(answer, trace.evidence)


def rendered(answer: Answer, hits: Sequence[Hit]) -> str:
    """Return an answer's text as HTML: chips for its citations, marks where a check says so."""
    chips = [
        Inset(c.start, c.end, chip(c.number, hits[c.number - 1].chunk))
        for c in answer.citations
        if c.number <= len(hits)
    ]
    return written(answer.text, chips, [_mark(check) for check in checks_of(answer)])


def _mark(check: Check) -> Inset:
    title = escape(f"{check.why} ({check.by})" if check.by else check.why)
    opening = f'<span class="{check.verdict}" title="{title}">'
    return Inset(check.start, check.end, opening, "</span>")


def _text(answer: Answer, hits: Sequence[Hit]) -> str:
    return f'<div class="rl-answer" data-complete="true">{rendered(answer, hits)}</div>'


def _about(answer: Answer, hits: Sequence[Hit]) -> str:
    facts = "".join(f"<span>{escape(fact)}</span>" for fact in facts_of(answer, hits))
    return f'<p class="rl-foot">{facts}</p>'


def _thinking(answer: Answer) -> str:
    """Return what the model thought before it answered, folded away; it cites nothing."""
    thought = str(answer.details.get("thinking") or "")
    if not thought:
        return ""
    words = plural(len(thought.split()), "word")
    return (
        f'<details class="rl-thinking"><summary>The model\'s thinking<span>{words}</span></summary>'
        f'<div tabindex="0">{escape(thought)}</div></details>'
    )


def facts_of(answer: Answer, hits: Sequence[Hit]) -> list[str]:
    """Return what an answer says about itself: citations, who wrote it, time, tokens, cost."""
    cited = len({citation.chunk_id for citation in answer.citations})
    details = answer.details
    facts = [
        "The documents do not answer this"
        if answer.refused
        else f"{cited} of {len(hits)} passages cited",
        "quoted from your documents, no model"
        if answer.generator == "extractive"
        else answer.generator,
        f"{answer.seconds:.1f} s" if answer.seconds >= 1 else f"{answer.seconds * 1000:.0f} ms",
    ]
    if "prompt_tokens" in details:
        facts.append(
            f"{details['prompt_tokens']} tokens read, {details['completion_tokens']} written"
        )
    if "cost_usd" in details:
        facts.append(f"${float(details['cost_usd'] or 0):.5f}")
    if details.get("merged"):
        facts.append(f"neighbours joined: passages {details['merged']}")
    if details.get("left_out"):
        facts.append(f"left out for lack of room: passage {details['left_out']}")
    if details.get("packed_smaller"):
        facts.append("packed smaller, as the model asked")
    if details.get("cut_at_limit"):
        facts.append("cut at the model's limit of tokens")
    if details.get("stopped"):
        facts.append("stopped")
    if details.get("refused_below"):
        facts.append(f"relevance {details['relevance']}, below {details['refused_below']}")
    return facts


def _check(check: Check) -> str:
    head = "Cites nothing" if check.verdict == "uncited" else "Look again"
    by = f" ({escape(check.by)})" if check.by else ""
    return f'<li class="{check.verdict}"><b>{head}:</b> {escape(check.why)}{by}</li>'


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
