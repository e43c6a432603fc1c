"""From a question and its passages to the messages that a model is sent.

Passages are data. Each stands between delimiters that carry a digest of everything in the prompt,
so no document can hold the delimiter of a prompt that it is part of; numbers in square brackets
inside a passage are rewritten, so that a footnote is not taken for a citation.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rag.generate.base import REFUSAL
from rag.generate.template import built_in
from rag.types import Hit

_TAGS = re.compile(r"<(?=\s*/?\s*(?:passage|question|system|user|assistant)\b)", re.IGNORECASE)
_CONTROL_TOKENS = re.compile(r"<(?=\||\s*/?s>)|\[(?=/?INST\])", re.IGNORECASE)
_BRACKETED = re.compile(r"[\[【](\^?[0-9][^\[\]【】\n]{0,40})[\]】]")
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
    boundary = _boundary(question, hits)
    room = budget - estimate_tokens(system + user + question)
    packed: list[str] = []
    left_out: list[int] = []
    shortened: list[int] = []
    for number, hit in enumerate(hits, 1):
        text = hit.chunk.text
        if number == 1 and estimate_tokens(text) > max(room, _SHORTEST):
            text = shorten(text, max(room, _SHORTEST))
            shortened.append(number)
        passage = _passage(number, hit, text, boundary)
        cost = estimate_tokens(passage)
        if packed and cost > room:
            left_out.append(number)
            continue
        packed.append(passage)
        room -= cost
    words = {"boundary": boundary, "refusal": REFUSAL}
    told = user.format(**words, question=_defused(question), passages="\n\n".join(packed))
    messages = (Message("system", system.format(**words)), Message("user", told))
    tokens = sum(estimate_tokens(message.content) for message in messages)
    return Prompt(messages, tokens, tuple(left_out), tuple(shortened))


def estimate_tokens(text: str) -> int:
    """Estimate a text's tokens without the model's own tokeniser, on the safe side.

    Three and a half characters a token where letters are ASCII, one where they are not.
    """
    plain = len(text.encode("ascii", "ignore"))
    return -(-2 * plain // 7) + len(text) - plain


def shorten(text: str, tokens: int) -> str:
    """Return the start of ``text`` that fits, cut between words, with an ellipsis."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if estimate_tokens(text[:middle]) < tokens else (low, middle - 1)
    if low == len(text):
        return text
    return text[:low].rsplit(maxsplit=1)[0].rstrip() + " …" if low else "…"


def _passage(number: int, hit: Hit, text: str, boundary: str) -> str:
    chunk = hit.chunk
    where = f' page="{chunk.page}"' if chunk.page is not None else ""
    if chunk.heading:
        where += f' heading="{_attribute(" › ".join(chunk.heading))}"'
    name = _attribute(chunk.document)
    opening = f'<passage-{boundary} number="[{number}]" document="{name}"{where}>'
    return f"{opening}\n{_defused(text)}\n</passage-{boundary}>"


def _boundary(question: str, hits: Sequence[Hit]) -> str:
    """Return eight hexadecimal digits that no passage and no question holds."""
    texts = [question, *(f"{h.chunk.document}\0{h.chunk.heading}\0{h.chunk.text}" for h in hits)]
    digest = hashlib.sha256("\0".join(texts).encode("utf-8", "replace")).hexdigest()
    while any(digest[:8] in text for text in texts):
        digest = hashlib.sha256(digest.encode()).hexdigest()
    return digest[:8]


def _defused(text: str) -> str:
    """Take from a text what a model could take for a delimiter, a control token or a citation."""
    text = _CONTROL_TOKENS.sub("‹", _TAGS.sub("‹", text))
    return _BRACKETED.sub(r"⟦\1⟧", text)


def _attribute(text: str) -> str:
    return re.sub(r'["<>\[\]【】]', "'", " ".join(text.split()))
