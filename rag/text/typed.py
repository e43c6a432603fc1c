"""Text that somebody typed, or that came from a file, before it is used and kept."""

from __future__ import annotations

import re

# Halves of a character: they come from broken JSON ("\\ud800") and from a terminal's wrong bytes,
# and neither a database nor a tokeniser takes them. PostgreSQL takes no NUL either.
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")
LONGEST_NAME = 200  # of a judge, a voter, a question set, a saved pipeline
LONGEST_NOTE = 5_000
LONGEST_QUESTION = 20_000  # of a question set; what may be asked is an option


def clean(text: str) -> str:
    """Return text that can be written down: U+FFFD stands for each lone surrogate and NUL."""
    return _UNWRITABLE.sub("\ufffd", text)


def too_long(text: str, most: int, what: str) -> str:
    """Return in words that ``what`` is too long, nothing if it is not."""
    if len(text) <= most:
        return ""
    return f"{what} has {len(text):,} characters; at most {most:,} are taken"
