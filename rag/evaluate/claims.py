"""A language model grades answers: claim by claim against the evidence, and whether they answer.

As Ragas does (Es et al., EACL 2024): faithfulness, answer relevance, and with a reference answer
context precision and recall. A call that fails, or whose reply cannot be read, leaves its value
unknown and is among the failures; nothing is guessed in its place. `measures.claims` makes figures.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rag.evaluate.asking import ROOM_FOR_REPLY, CallsOutcome, ModelCall, ask_all
from rag.evaluate.judgements.proposals import read_grade
from rag.evaluate.progress import OnProgress
from rag.llm.client import LanguageModel
from rag.text.quoting import boundary, defused, delimited, estimate_tokens, on_one_line, shorten

MOST_CLAIMS = 100
LEAST_OF_A_SOURCE = 60  # tokens
_CLAIM = re.compile(r"\W*(yes|no)\s*\|\s*([^|]+?)\s*(?:\|\s*(.*))?", re.I)
_SOURCE = re.compile(r"\W*(\d{1,3})\s*[:.)]\s*(yes|no)\b.*", re.I)


@dataclass(frozen=True, slots=True)
class AnswerToGrade:
    """A question's answer with the evidence that it was written from, best first.

    ``reference`` is the right answer, "" if it is not known.
    """

    id: str
    question: str
    answer: str
    evidence: tuple[str, ...]
    reference: str = ""


@dataclass(frozen=True, slots=True)
class ClaimVerdict:
    """A claim of a text, whether the sources support it, and if not, what is missing."""

    claim: str
    supported: bool
    missing: str = ""


@dataclass(frozen=True, slots=True)
class AnswerGrade:
    """What the model made of an answer; None for what was not asked or failed.

    ``claims`` are the answer's, ``recalled`` those of the reference, both against the evidence;
    ``useful`` is for each piece of evidence whether it holds something of the reference.
    ``relevance`` is from 0 to 3.
    """

    id: str
    claims: tuple[ClaimVerdict, ...] | None = None
    relevance: int | None = None
    useful: tuple[bool, ...] | None = None
    recalled: tuple[ClaimVerdict, ...] | None = None


def grade_answers(
    model: LanguageModel, answers: Sequence[AnswerToGrade],
    on_progress: OnProgress | None = None, stop: threading.Event | None = None,
) -> tuple[list[AnswerGrade], CallsOutcome]:  # fmt: skip
    """Return a grade for each answer, in their order, and what became of the calls."""
    grades = [AnswerGrade(one.id) for one in answers]
    planned = [
        (place, field, call)
        for place, one in enumerate(answers)
        for field, call in _calls(model, one)
    ]

    def keep(number: int, value: Any) -> None:
        place, field, _ = planned[number]
        grades[place] = replace(grades[place], **{field: value})

    outcome = ask_all(model, [call for *_, call in planned], keep, on_progress, stop)
    return grades, outcome


def read_claims(reply: str) -> tuple[ClaimVerdict, ...]:
    """Return the verdicts of a reply, none for the word ``none``.

    Raises `ValueError` if a line is no verdict: what cannot be read is no support.
    """
    lines = [line.strip() for line in reply.splitlines() if line.strip()]
    if [line.strip("`*. ").lower() for line in lines] == ["none"]:
        return ()
    found = [_CLAIM.fullmatch(line) for line in lines[:MOST_CLAIMS]]
    if not found or None in found:
        raise ValueError("not every line is yes or no with a claim")
    return tuple(
        ClaimVerdict(match[2], match[1].lower() == "yes", (match[3] or "").strip())
        for match in found
        if match
    )


def read_useful(reply: str, count: int) -> tuple[bool, ...]:
    """Return for each of ``count`` sources whether it is useful.

    Raises `ValueError` if one of them has no verdict, or two different ones.
    """
    found: dict[int, bool] = {}
    for match in map(_SOURCE.fullmatch, filter(None, map(str.strip, reply.splitlines()))):
        if match is None:
            raise ValueError("not every line is a source's number with yes or no")
        useful = match[2].lower() == "yes"
        if found.setdefault(int(match[1]), useful) != useful:
            raise ValueError(f"source {match[1]} has two verdicts")
    if set(found) != set(range(1, count + 1)):
        raise ValueError(f"not each of the {count} sources has a verdict")
    return tuple(found[number] for number in range(1, count + 1))


def _calls(model: LanguageModel, one: AnswerToGrade) -> Iterator[tuple[str, ModelCall[Any]]]:
    """Yield (field, call) of everything that can be asked about an answer."""
    if one.evidence:
        yield "claims", _claims_call(model, one, one.answer, "claims")
    yield "relevance", _relevance_call(model, one)
    if one.reference and one.evidence:
        yield "recalled", _claims_call(model, one, one.reference, "claims of the right answer")
        yield "useful", _useful_call(model, one)


def _claims_call(model: LanguageModel, one: AnswerToGrade, text: str, what: str) -> ModelCall[Any]:
    def user(mark: str, system: str) -> str:
        shown = delimited("text", mark, defused(text))
        sources = _sources(model, one, mark, f"{system}{shown}")
        return f"{sources}\n\n{shown}\n\nWrite the claims of the text with their verdicts."

    return _call(model, one, "claims", user, read_claims, what)


def _relevance_call(model: LanguageModel, one: AnswerToGrade) -> ModelCall[Any]:
    def user(mark: str, _system: str) -> str:
        asked = delimited("question", mark, defused(one.question))
        answer = delimited("answer", mark, defused(one.answer))
        return f"{asked}\n\n{answer}\n\nWrite the grade of the answer and the reason."

    def read(reply: str) -> int:
        return read_grade(reply)[0]

    return _call(model, one, "answer-relevance", user, read, "relevance")


def _useful_call(model: LanguageModel, one: AnswerToGrade) -> ModelCall[Any]:
    def user(mark: str, system: str) -> str:
        asked = delimited("question", mark, defused(one.question))
        answer = delimited("answer", mark, defused(one.reference))
        sources = _sources(model, one, mark, f"{system}{asked}{answer}")
        return f"{asked}\n\n{answer}\n\n{sources}\n\nWrite a line for each source."

    def read(reply: str) -> tuple[bool, ...]:
        return read_useful(reply, len(one.evidence))

    return _call(model, one, "useful-sources", user, read, "useful sources")


def _call(
    model: LanguageModel, one: AnswerToGrade, prompt: str, user: Callable[[str, str], str],
    read: Callable[[str], Any], what: str,
) -> ModelCall[Any]:  # fmt: skip
    mark = boundary([one.question, one.answer, one.reference, *one.evidence])
    system = model.prompt(prompt).format(boundary=mark)
    about = f"{on_one_line(one.question, 80)} ({what})"
    return ModelCall(about, system, user(mark, system), read)


def _sources(model: LanguageModel, one: AnswerToGrade, mark: str, beside: str) -> str:
    """Return the evidence as data, each piece cut so that all of it fits the model's window."""
    room = model.settings.llm_context - estimate_tokens(beside) - ROOM_FOR_REPLY
    each = max(LEAST_OF_A_SOURCE, room // len(one.evidence))
    return "\n\n".join(
        delimited("source", mark, f"{number}: {defused(shorten(text, each))}")
        for number, text in enumerate(one.evidence, 1)
    )
