"""The answer: streamed text with citation chips, what is known about it, and its sources."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rag.text.plural import plural
from rag.types import Answer, Hit, Trace
from ranklens.viewing import Marker
from ui.shared import frame
from ui.shared.answer_text import rendered, sources
from ui.shared.html import render, show


def complete(body: DeltaGenerator, foot: DeltaGenerator, trace: Trace, answer: Answer) -> None:
    """Show a complete answer in ``body``, and in ``foot`` the facts about it."""
    body.html(render("ask/answer.html", text=rendered(answer, trace.given)))
    with foot.container(gap="small"):
        if answer.error:
            kept = "There was a problem; what arrived is above" if answer.text else "No answer came"
            frame.notice(answer.error, kept, "warn")
        facts = facts_of(answer, trace)
        show("ask/facts.html", facts=facts, thinking=answer.thinking)


def below(trace: Trace, answer: Answer, mark: Marker) -> None:
    """Show what is worth a second look, and the passages that the answer was given."""
    if checks := answer.checks:
        show("ask/checks.html", checks=checks)
    if shown := sources(trace, answer, mark).strip():
        st.html(shown)


def facts_of(answer: Answer, trace: Trace) -> list[str]:
    """Return the facts about an answer: citations, who wrote it, time, tokens, cost."""
    details = answer.details
    facts = [
        "The documents do not answer this" if answer.refused else _cited(answer, trace.evidence),
        *_beside(answer, trace.widened.hits if trace.widened else ()),
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
    if answer.merged:
        facts.append(f"neighbours joined: passages {_numbers(answer.merged)}")
    if answer.left_out:
        facts.append(f"left out for lack of room: passage {_numbers(answer.left_out)}")
    if details.get("packed_smaller"):
        facts.append("packed smaller, as the model asked")
    if most := details.get("cut_at_characters"):
        facts.append(f"cut at {most:,} characters (max_answer_characters)")
    if details.get("cut_at_limit"):
        facts.append("cut at the model's limit of tokens")
    if answer.stopped:
        facts.append("stopped")
    if answer.refused_below is not None:
        facts.append(f"relevance {answer.relevance}, below {answer.refused_below}")
    return facts


def _cited(answer: Answer, among: Sequence[Hit]) -> str:
    cited = {citation.chunk_id for citation in answer.citations}
    count = sum(hit.chunk.id in cited for hit in among)
    return f"{count} of {plural(len(among), 'passage')} cited"


def _beside(answer: Answer, widened: Sequence[Hit]) -> list[str]:
    """Return how many passages the answer was given beside the best ones, and how many it cites."""
    if not widened:
        return []
    cited = {citation.chunk_id for citation in answer.citations}
    count = sum(hit.chunk.id in cited for hit in widened)
    too = f", {count} of them cited" if count else ""
    return [f"with {plural(len(widened), 'neighbouring passage')}{too}"]


def _numbers(of: Sequence[int]) -> str:
    return ", ".join(map(str, of))
