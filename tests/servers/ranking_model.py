"""A model that ranks and rates by shared words, reading its prompt as the real ones are meant to.

It takes as passages only what stands between the delimiters of the mark that the system message
names, so a passage that breaks out of its delimiters would be seen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence


def parts(messages: Sequence[Mapping[str, str]]) -> tuple[str, list[str]]:
    """Return the question and the passages of a prompt."""
    system, user = (message["content"] for message in messages)
    mark = re.search(r"carry the mark (\w+)", system)[1]
    passages = re.findall(
        rf"<passage-{mark}(?: \[\d+\])?>\n(.*?)\n</passage-{mark}>", user, re.DOTALL
    )
    (question,) = re.findall(rf"<question-{mark}>\n(.*?)\n</question-{mark}>", user, re.DOTALL)
    return question, passages


def reply_to(messages: Sequence[Mapping[str, str]]) -> str:
    """Write what is asked for: an order, or a rating."""
    question, passages = parts(messages)
    asked = set(_words(question))
    shares = [len(asked & set(_words(text))) / max(1, len(asked)) for text in passages]
    if "Rate the passage" in messages[1]["content"]:
        return f"{100 * shares[0]:.0f}"
    order = sorted(range(len(shares)), key=lambda row: -shares[row])
    return " > ".join(f"[{row + 1}]" for row in order)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
