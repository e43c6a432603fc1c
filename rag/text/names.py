"""Names in a text, known by their capitals. In German, where all nouns have one, they mislead."""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(r"\d(?:[\d.,]*\d)?|[^\W\d_](?:[\w&.'’-]*\w)?")
_POSSESSIVE = re.compile(r"['’]s$")
# Not a small letter of ASCII; `full_names` sorts out the small ones of other alphabets.
_CAPITALISED = r"[^\W\d_a-z](?:[\w&.'’-]*\w)?"
_SMALL_WORDS = r"(?:(?:of|the|de|der|la|al|bin|van|von)\s+){0,2}"
_FOLLOWING = rf"(?:(?:(?<=\b[A-Z])\.)?\s+{_SMALL_WORDS}{_CAPITALISED})*"
_FULL_NAME = re.compile(rf"(?:\b\d{{4}}\b|{_CAPITALISED}){_FOLLOWING}")


def names(text: str) -> list[str]:
    """Return the names and numbers of a question.

    A name is a run of words with a capital, with the figures among them (``Apollo 11``). A word
    that opens a sentence is none, unless it owns something (``Google's``) or has more capitals.
    """
    found: list[str] = []
    end = -1
    for match in _TOKEN.finditer(text):
        word = _POSSESSIVE.sub("", match[0])
        goes_on = found and text[end : match.start()] == " "
        if goes_on and (word[0].isupper() or word.isdigit()):
            found[-1] += f" {word}"
        elif _is_name(match) or (len(word) > 1 and word[0].isdigit()):
            found.append(word)
        else:
            continue
        end = match.start() + len(word)
    return found


def name_words(text: str) -> Iterator[str]:
    """Yield the words of names, one by one, without the ``'s`` at their ends."""
    for match in _TOKEN.finditer(text):
        if _is_name(match):
            yield _POSSESSIVE.sub("", match[0])


def full_names(text: str) -> Iterator[re.Match[str]]:
    """Yield runs of capitalised words and years, with small words between: ``Bank of England``.

    Words that only open a sentence are among them. Words of scripts without capitals count.
    """
    return (match for match in _FULL_NAME.finditer(text) if not match[0][0].islower())


def opens_sentence(text: str, at: int) -> bool:
    """Return whether the word at ``at`` is its sentence's first; ``F.`` before it ends none."""
    while at and not (text[at - 1].isalnum() or text[at - 1] == "_"):
        at -= 1
        before = text[max(at - 2, 0) : at]
        if text[at] in "?!:" or (text[at] == "." and len(before) == 2 and before.isalnum()):
            return True
    return at == 0


def _is_name(match: re.Match[str]) -> bool:
    word = match[0]
    if len(word) == 1 or not word[0].isupper():
        return False
    owns = bool(_POSSESSIVE.search(word))
    return owns or word[1:] != word[1:].lower() or not opens_sentence(match.string, match.start())
