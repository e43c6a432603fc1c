"""What a thumb on an answer suggests about passages, until a person confirms it.

A thumb up suggests that the passages that the answer cites are relevant to what was searched for.
It may have been given for another reason (the tone, an answer known before), so it is kept under
the source ``feedback`` and never counted. A thumb down is about no single passage: the
question is listed to be judged (`Conversations.disliked`).
"""

from __future__ import annotations

from contextlib import suppress

from rag.chat.store import Conversations
from rag.errors import RanklensError
from rag.evaluate.judgements.store import JudgementStore
from rag.types import Chunk, Trace

JUDGE = "readers"
SUGGESTED = 2  # that a cited passage answers in part
NOTE = "cited in an answer that was found helpful"


def follow(judgements: JudgementStore, kept: Conversations, question: str) -> int:
    """Bring suggestions up to date with the thumbs on the answers; returns their number.

    ``question`` is what was searched for. A passage that is no longer in its document is left out.
    """
    judgements.remove_all(question, "feedback")
    liked = [turn.trace for turn in kept.judged(question) if turn.liked]
    chunks = {chunk.id: chunk for trace in liked for chunk in cited(trace)}
    found = 0
    for chunk in chunks.values():
        with suppress(RanklensError):
            judgements.grade(question, chunk, SUGGESTED, JUDGE, NOTE, "feedback")
            found += 1
    return found


def cited(trace: Trace) -> list[Chunk]:
    """Return the passages that a trace's answer cites, in the order in which it does."""
    held = {hit.chunk.id: hit.chunk for hit in trace.given}
    marks = sorted(trace.answer.citations, key=lambda c: c.start) if trace.answer else []
    return [held[key] for key in dict.fromkeys(c.chunk_id for c in marks) if key in held]
