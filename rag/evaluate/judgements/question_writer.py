"""A language model writes questions that a document's passages answer, each with its quote.

The quote must be in the passage word for word (white space aside), else the question is dropped and
counted. What is left is shown to a person; nothing is kept here.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rag.evaluate.asking import CallsOutcome, ModelCall, Progress, ask_all, fitted, no_progress
from rag.evaluate.judgements.anchors import locate
from rag.evaluate.judgements.record import HIGHEST, Judgement, same_words
from rag.llm.client import LanguageModel
from rag.settings import Settings
from rag.text.quoting import boundary
from rag.types import Chunk

FEWEST_WORDS = 20  # of a passage that is asked about
LONGEST_QUESTION, LONGEST_QUOTE = 400, 600  # characters
_LIST = re.compile(r"\[\s*\{.*\}\s*\]|\{.*\}", re.S)
# What `defused` makes of a passage's own brackets, back again.
_RESTORED = str.maketrans({"⟦": "[", "⟧": "]", "‹": "<"})


@dataclass(frozen=True, slots=True)
class WrittenQuestion:
    """A question with the characters ``start:end`` of a document that answer it."""

    question: str
    answer: str
    document: str
    start: int
    end: int
    quote: str

    def judgement(self, model: str, digest: str) -> Judgement:
        """Return the quote as a judgement of the model's; ``digest`` is the document's."""
        return Judgement(
            self.question, self.document, digest, self.start, self.end, self.quote, HIGHEST,
            model, "llm", "the quote that the question was written from",
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class QuestionsWritten:
    """What was written; ``unfounded`` counts questions whose quote is not there, ``repeated``."""

    written: tuple[WrittenQuestion, ...]
    unfounded: int
    repeated: int
    model: str
    outcome: CallsOutcome


def write_questions(
    model: LanguageModel,
    chunks: Sequence[Chunk],
    count: int,
    progress: Progress = no_progress,
    stop: threading.Event | None = None,
) -> QuestionsWritten:
    """Let the model write ``count`` questions, from passages all over ``chunks``."""
    instructions = model.prompt("questions")
    shares = spread(chunks, count)
    calls = [_call(model.settings, instructions, chunk, share) for chunk, share in shares]
    replies: dict[int, list[Mapping[str, str]]] = {}
    outcome = ask_all(model, calls, replies.__setitem__, progress, stop)
    found: dict[str, WrittenQuestion] = {}
    unfounded = repeated = 0
    for place, rows in sorted(replies.items()):
        chunk, share = shares[place]
        for row in rows[:share]:
            written = founded(row, chunk)
            if written is None:
                unfounded += 1
            elif written.question.casefold() in found:
                repeated += 1
            else:
                found[written.question.casefold()] = written
    return QuestionsWritten(tuple(found.values()), unfounded, repeated, model.model, outcome)


def spread(chunks: Sequence[Chunk], count: int) -> list[tuple[Chunk, int]]:
    """Return (passage, questions to write from it), the passages evenly over the document.

    Short ones (headings, captions) are left out if there are longer ones.
    """
    held = [chunk for chunk in chunks if len(chunk.text.split()) >= FEWEST_WORDS] or list(chunks)
    wanted = min(count, len(held))
    if not wanted:
        return []
    chosen = [held[(2 * i + 1) * len(held) // (2 * wanted)] for i in range(wanted)]
    return [(chunk, count // wanted + (i < count % wanted)) for i, chunk in enumerate(chosen)]


def read_questions(reply: str) -> list[Mapping[str, str]]:
    """Return the rows of a reply: each with question, quote and answer.

    Raises `ValueError` if it is no JSON list of such.
    """
    match = _LIST.search(reply)
    try:
        data: Any = json.loads(match[0]) if match else None
    except ValueError:
        data = None
    rows = [data] if isinstance(data, dict) else data
    if not isinstance(rows, list) or not rows or not all(map(_is_row, rows)):
        raise ValueError("the reply is no JSON list of questions with quotes")
    return [
        {name: str(row.get(name) or "") for name in ("question", "quote", "answer")} for row in rows
    ]


def founded(row: Mapping[str, str], chunk: Chunk) -> WrittenQuestion | None:
    """Return a row with the place of its quote, None if the passage does not hold it."""
    for quote in (row["quote"], row["quote"].translate(_RESTORED)):
        if (span := locate(quote, chunk.text)) is not None:
            start, end = (chunk.start + at for at in span)
            text = chunk.text[slice(*span)]
            words = same_words(row["question"])
            return WrittenQuestion(words, row["answer"].strip(), chunk.document, start, end, text)
    return None


def _is_row(row: Any) -> bool:
    if not isinstance(row, dict):
        return False
    question, quote, answer = (row.get(name, "") for name in ("question", "quote", "answer"))
    texts = all(isinstance(one, str) for one in (question, quote, answer or ""))
    return (
        texts
        and 0 < len(question.strip()) <= LONGEST_QUESTION
        and 0 < len(quote.strip()) <= LONGEST_QUOTE
    )


def _call(
    settings: Settings, instructions: str, chunk: Chunk, count: int
) -> ModelCall[list[Mapping[str, str]]]:
    mark = boundary([chunk.passage])
    system = instructions.format(boundary=mark, count=count)
    user = f"<passage-{mark}>\n{fitted(chunk.passage, settings, system)}\n</passage-{mark}>\n\n" + (
        f"Write {count} questions with their quotes." if count > 1 else "Write 1 question."
    )
    about = f"{chunk.document}, characters {chunk.start}-{chunk.end}"
    return ModelCall(about, system, user, read_questions)
