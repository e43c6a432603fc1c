"""From a question and its passages to the messages that a model is sent.

Passages are data. Each stands between delimiters that carry a digest of everything in the prompt,
so no document can hold the delimiter of a prompt that it is part of; numbers in square brackets
inside a passage are rewritten, so that a footnote is not taken for a citation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rag.generate.base import REFUSAL
from rag.generate.template import built_in
from rag.quoting import boundary, defused, estimate_tokens, shorten
from rag.types import Hit

_SHORTEST = 50


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat."""

    role: Literal["system", "user"]
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """The exact messages, and what had to be left out (numbers of passages)."""

    messages: tuple[Message, ...]
    tokens: int
    left_out: tuple[int, ...] = ()
    shortened: tuple[int, ...] = ()


def build_prompt(
    question: str, hits: Sequence[Hit], budget: int, system: str = "", user: str = ""
) -> Prompt:
    """Pack the best passages that fit ``budget`` (estimated tokens, instructions included).

    Passages keep their numbers. One that does not fit is left out, and smaller ones after it may
    still fit; the best one is shortened rather than left out. ``system`` and ``user`` are prompt
    texts with placeholders, the built-in ones where empty.
    """
    system, user = system or built_in("system"), user or built_in("user")
    mark = boundary(_texts(question, hits))
    room = budget - estimate_tokens(system + user + question)
    packed: list[str] = []
    left_out: list[int] = []
    shortened: list[int] = []
    for number, hit in enumerate(hits, 1):
        text = hit.chunk.text
        if number == 1 and estimate_tokens(text) > max(room, _SHORTEST):
            text = shorten(text, max(room, _SHORTEST))
            shortened.append(number)
        passage = _passage(number, hit, text, mark)
        cost = estimate_tokens(passage)
        if packed and cost > room:
            left_out.append(number)
            continue
        packed.append(passage)
        room -= cost
    words = {"boundary": mark, "refusal": REFUSAL}
    told = user.format(**words, question=defused(question), passages="\n\n".join(packed))
    messages = (Message("system", system.format(**words)), Message("user", told))
    tokens = sum(estimate_tokens(message.content) for message in messages)
    return Prompt(messages, tokens, tuple(left_out), tuple(shortened))


def _passage(number: int, hit: Hit, text: str, mark: str) -> str:
    chunk = hit.chunk
    where = f' page="{chunk.page}"' if chunk.page is not None else ""
    if chunk.heading:
        where += f' heading="{_attribute(" › ".join(chunk.heading))}"'
    name = _attribute(chunk.document)
    opening = f'<passage-{mark} number="[{number}]" document="{name}"{where}>'
    return f"{opening}\n{defused(text)}\n</passage-{mark}>"


def _texts(question: str, hits: Sequence[Hit]) -> list[str]:
    return [question, *(f"{h.chunk.document}\0{h.chunk.heading}\0{h.chunk.text}" for h in hits)]


def _attribute(text: str) -> str:
    return re.sub(r'["<>\[\]【】]', "'", " ".join(text.split()))
