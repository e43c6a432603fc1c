"""Query expansion: other wordings of a question, each searched for beside it.

A variant is a name in `VARIANTS`. All but feedback are written by a language model, by the prompt
file of their name. What it writes is only ever searched for, so the worst that a bad variant can do
is to find nothing useful.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from rag.errors import RanklensError, SettingsError
from rag.llm.client import LanguageModel
from rag.types import Scalar

NONE = "none"
FEEDBACK = "feedback"
HYDE = "hyde"
VARIANTS = (FEEDBACK, "llm-synonyms", "llm-specific", "llm-general", HYDE)
LONGEST = {HYDE: 2000}
LONGEST_QUESTION = 400


@dataclass(frozen=True, slots=True)
class Variant:
    """What a model made of the question; ``problem`` is why there is nothing, in plain words."""

    text: str
    problem: str = ""
    details: Mapping[str, Scalar] = field(default_factory=dict)


def chosen(names: str) -> tuple[str, ...]:
    """Return the variants that an option's value names, each once.

    Raises `SettingsError` with the nearest name.
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in (NONE, *VARIANTS):
            near = difflib.get_close_matches(name, VARIANTS, n=1, cutoff=0.0)[0]
            raise SettingsError(
                f"unknown expansion {name!r}; did you mean {near}? There are {NONE}, "
                f"{', '.join(VARIANTS)}; several are separated by commas"
            )
    return tuple(dict.fromkeys(name for name in wanted if name != NONE))


def written(name: str, question: str, model: LanguageModel) -> Variant:
    """Let a model write a variant; if anything goes wrong, that is its ``problem``."""
    if problem := model.missing():
        return Variant("", problem)
    try:
        reply = model.chat(model.prompt(name).format(), question)
    except RanklensError as error:
        return Variant("", str(error))
    details = model.used([reply])
    try:
        return Variant(usable(name, reply.text, question), details=details)
    except ValueError as error:
        problem = reply.problem or f"the model's {name} could not be used: {error}"
        return Variant("", problem, details)


def usable(name: str, text: str, question: str) -> str:
    """Return what a model wrote on one line, without decoration.

    Raises `ValueError` if nothing is left, if it is no variant, or if it is too long.
    """
    text = re.sub(r"^[^\S\n]*```\w*[^\S\n]*$", " ", text, flags=re.MULTILINE)
    if name != HYDE:  # a line of its own; models like to announce it first
        lines = [line for line in map(str.strip, text.splitlines()) if line]
        text = next((line for line in lines if not line.endswith(":")), "")
        text = re.sub(
            r"^(?:[-*•]|\d+[.)])\s+|^(?:rewritten |new )?(?:question|query):\s*",
            "",
            text,
            flags=re.IGNORECASE,
        )
    text = " ".join(text.split()).strip("\"'“”` ")
    if not re.search(r"\w", text):
        raise ValueError("it is empty")
    if text.casefold() == question.casefold():
        raise ValueError("it repeats the question")
    longest = LONGEST.get(name, LONGEST_QUESTION)
    if len(text) > longest:
        raise ValueError(f"it has {len(text):,} characters, and {longest:,} are the most")
    return text
