"""A follow-up becomes a question that can be searched alone.

With a model: the model rewrites, within a deadline. Without one, or if it fails: a rule that can be
read off the page. A question that points back (it, they, what about …) has the topic words
of the question before it put behind it; a question that can be read alone is left alone.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

from rag.chat.store import Turn
from rag.chat.words import content, points_back
from rag.errors import RanklensError
from rag.llm.client import LanguageModel
from rag.text.names import name_words
from rag.text.quoting import boundary, defused, shorten
from rag.types import Rewriting, Trace

MOST_WORDS = 8
LONGEST = 400
_TOKENS_OF_AN_ANSWER = 300
_LAST_TURNS = 6
By = Literal["model", "rule"]


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The question to search for, and how it was made of what was asked."""

    question: str
    rewriting: Rewriting

    def kept_in(self, trace: Trace) -> Trace:
        """Return the trace with its rewriting, if there was one or if one failed."""
        if self.rewriting.by is None and not self.rewriting.problem:
            return trace
        return replace(trace, rewriting=self.rewriting)


@dataclass(frozen=True, slots=True)
class Exchange:
    """An earlier question of a conversation, as asked and as searched, and its answer."""

    asked: str
    searched: str
    answer: str

    @classmethod
    def of(cls, turn: Turn) -> Self:
        """Return that of a turn."""
        answer = turn.trace.answer
        return cls(turn.question, turn.trace.question, answer.text if answer else "")


def exchanges(history: Sequence[tuple[str, str]]) -> list[Exchange]:
    """Return a conversation of (question, answer), oldest first, its follow-ups by rule."""
    found: list[Exchange] = []
    for asked, answer in history:
        before = found[-1].searched if found else ""
        found.append(Exchange(asked, by_rule(asked, before), answer))
    return found


def standalone(
    question: str, history: Sequence[Exchange], model: LanguageModel | None = None
) -> Rewritten:
    """Rewrite a follow-up to ``history``, by a rule if there is no ``model``.

    Never raises an error of ours: if the model fails, the rule takes its place and the
    rewriting's ``problem`` is the reason.
    """
    question = question.strip()
    if not history:
        return Rewritten(question, Rewriting(question, None))
    started = time.perf_counter()
    problem = ""
    if model:
        try:
            text = by_model(model, question, [(one.asked, one.answer) for one in history])
            by: By | None = "model" if text != question else None
            return Rewritten(text, Rewriting(question, by, time.perf_counter() - started))
        except RanklensError as error:
            problem = str(error)
    text = by_rule(question, history[-1].searched)
    seconds = time.perf_counter() - started
    by = "rule" if text != question else None
    return Rewritten(text, Rewriting(question, by, seconds, problem))


def by_model(model: LanguageModel, question: str, history: Sequence[tuple[str, str]]) -> str:
    """Return a follow-up as a question that stands alone; ``history`` are (question, answer).

    Raises `RanklensError` if the model fails or writes no question.
    """
    turns = [
        f"Question: {asked}\nAnswer: {shorten(answer, _TOKENS_OF_AN_ANSWER)}"
        for asked, answer in history[-_LAST_TURNS:]
    ]
    prompt = model.prompt("rewrite").format(
        boundary=boundary([question, *turns]),
        history=defused("\n\n".join(turns)),
        question=defused(question),
    )
    reply = model.chat("", prompt)
    text = " ".join(reply.text.split()).strip('"“” ')
    if not text or len(text) > LONGEST:
        raise RanklensError(reply.problem or "the model did not write a question")
    return text


def by_rule(question: str, before: str) -> str:
    """Put the topic words of the question before behind a question that points back."""
    if not before or not points_back(question):
        return question
    words = carried(question, before)
    return f"{question} ({' '.join(words)})" if words else question


def carried(question: str, before: str) -> list[str]:
    """Return the topic words of ``before`` that ``question`` needs.

    “What about …” puts something in the place of something else: a year in the place of the years
    before, a name in the place of the names before.
    """
    has = content(question)
    known = {word.lower() for word in has}
    replaces = question.lower().startswith(("what about", "how about", "and ", "what of"))
    numbers = any(word[0].isdigit() for word in has)
    names, names_before = set(name_words(question)), set(name_words(before))
    words = []
    for word in content(before):
        swapped = (numbers and word[0].isdigit()) or (names and word in names_before)
        if word.lower() not in known and not (replaces and swapped):
            words.append(word)
    return words[:MOST_WORDS]
