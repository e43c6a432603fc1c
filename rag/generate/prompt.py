"""From a question and its passages to the messages that a model is sent.

Passages are data. Each stands between delimiters that carry a digest of everything in the prompt,
so no document can hold the delimiter of a prompt that it is part of; numbers in square brackets
inside a passage are rewritten, so that a footnote is not taken for a citation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.generate.base import REFUSAL
from rag.llm.base import Message
from rag.text.quoting import boundary, defused, estimate_tokens, shorten
from rag.types import Chunk, Hit

_SHORTEST = 50
_GAP = 2


@dataclass(frozen=True, slots=True)
class Prompt:
    """The exact messages, and what had to be done to the passages (their numbers)."""

    messages: tuple[Message, ...]
    tokens: int
    left_out: tuple[int, ...] = ()
    shortened: tuple[int, ...] = ()
    merged: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Part:
    """A passage under its number; ``text`` is what it adds to the part before it."""

    number: int
    chunk: Chunk
    text: str


def build_prompt(question: str, hits: Sequence[Hit], budget: int, system: str, user: str) -> Prompt:
    """Pack the best passages that fit ``budget`` (estimated tokens, instructions included).

    Passages keep their numbers. One that does not fit is left out, and smaller ones after it may
    still fit; the best one is shortened rather than left out. Neighbours in a document become one
    passage of several parts, and the best passages stand first and last, where models read best
    (Liu et al., Lost in the Middle, 2023). ``system`` and ``user`` are prompt texts with
    placeholders.
    """
    mark = boundary(_texts(question, hits))
    room = budget - estimate_tokens(system + user + question)
    parts, left_out, shortened = _chosen(hits, room, mark)
    passages = _joined(parts)
    words = {"boundary": mark, "refusal": REFUSAL}
    packed = "\n\n".join(_passage(passage, mark) for passage in _first_and_last(passages))
    filled = user.format(**words, question=defused(question), passages=packed)
    messages = (Message("system", system.format(**words)), Message("user", filled))
    tokens = sum(estimate_tokens(message.content) for message in messages)
    merged = sorted(part.number for passage in passages if len(passage) > 1 for part in passage)
    return Prompt(messages, tokens, left_out, shortened, tuple(merged))


def shown(messages: Sequence[Message]) -> str:
    """Return messages as one text, for people to read."""
    return "\n\n".join(f"--- {message.role} ---\n{message.content}" for message in messages)


def _chosen(
    hits: Sequence[Hit], room: int, mark: str
) -> tuple[list[_Part], tuple[int, ...], tuple[int, ...]]:
    """Return the passages that fit, the numbers that were left out, the numbers shortened."""
    parts: list[_Part] = []
    left_out: list[int] = []
    shortened: list[int] = []
    for number, hit in enumerate(hits, 1):
        text = hit.chunk.text
        if number == 1 and estimate_tokens(text) > max(room, _SHORTEST):
            text = shorten(text, max(room, _SHORTEST))
            shortened.append(number)
        part = _Part(number, hit.chunk, text)
        cost = estimate_tokens(_passage([part], mark))
        if parts and cost > room:
            left_out.append(number)
            continue
        parts.append(part)
        room -= cost
    return parts, tuple(left_out), tuple(shortened)


def _joined(parts: Sequence[_Part]) -> list[list[_Part]]:
    """Return passages, best first; those that touch in a document are one, in reading order."""
    passages: list[list[_Part]] = []
    for part in sorted(parts, key=lambda part: (part.chunk.document, part.chunk.start)):
        more = _continued(passages[-1][-1].chunk, part) if passages else None
        if more is None:
            passages.append([part])
        else:
            passages[-1].append(replace(part, text=more))
    return sorted(passages, key=lambda passage: min(part.number for part in passage))


def _continued(before: Chunk, part: _Part) -> str | None:
    """Return what ``part`` adds to the chunk before it, None if they do not touch."""
    chunk = part.chunk
    overlap = before.end - chunk.start
    if before.document != chunk.document or overlap < -_GAP or chunk.start <= before.start:
        return None
    shared = chunk.text[: max(0, overlap)]
    if chunk.end <= before.end or not before.text.endswith(shared) or part.text != chunk.text:
        return None
    more = chunk.text[len(shared) :].lstrip()
    # What is cited must still be able to stand for itself.
    return more if 2 * len(more) >= len(chunk.text) else None


def _first_and_last(passages: Sequence[list[_Part]]) -> list[list[_Part]]:
    """Put the best first, the second best last, and so on towards the middle."""
    return [*passages[::2], *reversed(passages[1::2])]


def _passage(parts: Sequence[_Part], mark: str) -> str:
    name = _attribute(parts[0].chunk.document)
    if len(parts) == 1:
        (part,) = parts
        opening = f'<passage-{mark} number="[{part.number}]" document="{name}"{_position(part)}>'
        return f"{opening}\n{defused(part.text)}\n</passage-{mark}>"
    inside = "\n".join(
        f'<part-{mark} number="[{part.number}]"{_position(part)}>\n{defused(part.text)}'
        for part in parts
    )
    return f'<passage-{mark} document="{name}">\n{inside}\n</passage-{mark}>'


def _position(part: _Part) -> str:
    chunk = part.chunk
    page = f' page="{chunk.page}"' if chunk.page is not None else ""
    heading = _attribute(" › ".join(chunk.heading))
    return page + (f' heading="{heading}"' if heading else "")


def _texts(question: str, hits: Sequence[Hit]) -> list[str]:
    return [question, *(f"{h.chunk.document}\0{h.chunk.heading}\0{h.chunk.text}" for h in hits)]


def _attribute(text: str) -> str:
    return re.sub(r'["<>\[\]【】]', "'", " ".join(text.split()))
