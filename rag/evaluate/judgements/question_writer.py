"""A language model writes questions that a document's passages answer, each with its quote.

The quote must be in the passage word for word (white space aside), else the question is dropped and
counted. What is left is shown to a person; nothing is kept here.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field, TypeAdapter

from rag.evaluate.asking import CallsOutcome, ModelCall, ask_all, fitted
from rag.evaluate.judgements.anchors import locate
from rag.evaluate.judgements.record import HIGHEST, Judgement, same_words
from rag.evaluate.progress import OnProgress
from rag.llm.client import LanguageModel
from rag.settings import Settings
from rag.text.quoting import boundary, delimited
from rag.types import Chunk

FEWEST_WORDS = 20  # of a passage that is asked about
LONGEST_QUESTION, LONGEST_QUOTE = 400, 600  # characters
_BEGIN, _END = re.compile(r"\[\s*\{|\{"), re.compile(r"\}\s*\]|\}")
# What `defused` makes of a passage's own brackets, back again.
_RESTORED = str.maketrans({"⟦": "[", "⟧": "]", "‹": "<"})


class WrittenRow(BaseModel):
    """A question as the model wrote it."""

    question: Annotated[str, Field(max_length=LONGEST_QUESTION, pattern=r"\S")]
    quote: Annotated[str, Field(max_length=LONGEST_QUOTE, pattern=r"\S")]
    answer: str | None = None


_ROWS: TypeAdapter[list[WrittenRow]] = TypeAdapter(
    Annotated[
        list[WrittenRow],
        BeforeValidator(lambda data: [data] if isinstance(data, dict) else data),
        Field(min_length=1),
    ]
)


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
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> QuestionsWritten:
    """Let the model write ``count`` questions, from passages all over ``chunks``."""
    instructions = model.prompt("questions")
    shares = spread(chunks, count)
    calls = [_call(model.settings, instructions, chunk, share) for chunk, share in shares]
    replies: dict[int, list[WrittenRow]] = {}
    outcome = ask_all(model, calls, replies.__setitem__, on_progress, stop)
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


def read_questions(reply: str) -> list[WrittenRow]:
    """Return the rows of a reply; raises `ValueError` if it is no JSON list of such."""
    try:
        return _ROWS.validate_json(_json_in(reply))
    except ValueError:
        raise ValueError("the reply is no JSON list of questions with quotes") from None


def _json_in(reply: str) -> str:
    """Return the longest list of objects in a reply, else the longest object, else nothing."""
    begin = _BEGIN.search(reply)
    ends = list(_END.finditer(reply, begin.end())) if begin else []
    if begin is None or not ends:
        return ""
    lists = [end for end in ends if end[0] != "}"]
    if begin[0] != "{" and lists:
        return reply[begin.start() : lists[-1].end()]
    return reply[begin.end() - 1 : ends[-1].start() + 1]


def founded(row: WrittenRow, chunk: Chunk) -> WrittenQuestion | None:
    """Return a row with the place of its quote, None if the passage does not hold it."""
    for quote in (row.quote, row.quote.translate(_RESTORED)):
        if (span := locate(quote, chunk.text)) is not None:
            start, end = (chunk.start + at for at in span)
            text, answer = chunk.text[slice(*span)], (row.answer or "").strip()
            question = same_words(row.question)
            return WrittenQuestion(question, answer, chunk.document, start, end, text)
    return None


def _call(
    settings: Settings, instructions: str, chunk: Chunk, count: int
) -> ModelCall[list[WrittenRow]]:
    mark = boundary([chunk.in_document])
    system = instructions.format(boundary=mark, count=count)
    passage = delimited("passage", mark, fitted(chunk.in_document, settings, system))
    task = f"Write {count} questions with their quotes." if count > 1 else "Write 1 question."
    about = f"{chunk.document}, characters {chunk.start}-{chunk.end}"
    return ModelCall(about, system, f"{passage}\n\n{task}", read_questions)
