"""Other people's text inside a prompt: kept apart from instructions, and cut to size."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

_TAGS = re.compile(r"<(?=\s*/?\s*(?:passage|question|system|user|assistant)s?\b)", re.IGNORECASE)
_CONTROL_TOKENS = re.compile(r"<(?=\||\s*/?s>)|\[(?=/?INST\])", re.IGNORECASE)
# Embeddings, overrides and isolates: they show letters in another order than they stand in.
_TURNING = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
_BRACKETED = re.compile(r"[\[【](\^?[0-9][^\[\]【】\n]{0,40})[\]】]")


def boundary(texts: Iterable[str]) -> str:
    """Return eight hexadecimal digits, a digest of the texts that none of them holds."""
    texts = list(texts)
    digest = hashlib.sha256("\0".join(texts).encode("utf-8", "replace")).hexdigest()
    while any(digest[:8] in text for text in texts):
        digest = hashlib.sha256(digest.encode()).hexdigest()
    return digest[:8]


def defused(text: str) -> str:
    """Take from a text what a model could take for a delimiter, a control token or a citation."""
    text = _CONTROL_TOKENS.sub("‹", _TAGS.sub("‹", text))
    return _BRACKETED.sub(r"⟦\1⟧", text)


def delimited(kind: str, mark: str, text: str, label: str = "") -> str:
    """Return text between the delimiters of a kind (``passage``, ``question``) and a boundary."""
    return f"<{kind}-{mark}{label}>\n{text}\n</{kind}-{mark}>"


def as_it_reads(text: str) -> str:
    """Return text to be shown: without the controls that turn it round (Trojan Source, 2021).

    Letters of right-to-left scripts bring their direction with them and need none of these.
    """
    return text.translate(_TURNING) if not text.isascii() else text


def estimate_tokens(text: str) -> int:
    """Estimate a text's tokens without the model's own tokeniser, on the safe side.

    Three and a half characters a token for ASCII letters, one for others.
    """
    plain = len(text.encode("ascii", "ignore"))
    return -(-2 * plain // 7) + len(text) - plain


def on_one_line(text: str, characters: int) -> str:
    """Return the start of a text on one line, with an ellipsis if it was longer."""
    text = " ".join(text.split())
    return text if len(text) <= characters else text[: characters - 1] + "…"


def shorten(text: str, tokens: int) -> str:
    """Return the start of ``text`` that fits, cut between words, with an ellipsis."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if estimate_tokens(text[:middle]) < tokens else (low, middle - 1)
    if low == len(text):
        return text
    head = text[:low].rstrip()
    last = head.rsplit(maxsplit=1)[-1] if head else ""
    # A single word is cut rather than left out; its leading space stays, as the text has it.
    kept = head[: len(head) - len(last)].rstrip() or head
    return f"{kept} …" if kept else "…"
