"""A language model proposes grades of passages, with a short reason each.

They are kept as judgements of the source ``llm`` under the model's name, apart from people's:
compared with them, never counted as theirs.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Sequence

from rag.errors import RanklensError
from rag.evaluate.asking import CallsOutcome, ModelCall, ask_all, fitted
from rag.evaluate.data import Question
from rag.evaluate.judgements.pooling import pooled
from rag.evaluate.judgements.store import JudgementStore
from rag.evaluate.progress import OnProgress, advance
from rag.llm.client import LanguageModel
from rag.pipeline import Pipeline
from rag.settings import Settings
from rag.text.quoting import boundary, defused, delimited, on_one_line
from rag.types import Chunk

Item = tuple[str, Chunk]
"""A question's words and a passage."""
LONGEST_REASON = 200
# A sign, a line's end or nothing parts the grade from its reason: 2.5, 2/3 and -2 are none.
_GRADE = re.compile(
    r"[\s*`\"'_#]*(?:grade[\s*:=]*)?([0-3])\b(?!\s*[./,%]?\s*\d|\s*%)"
    r"(?:[^\w\n]*[:;.,–—-]\W*|\W*\n\W*|\W*$)(.*)",
    re.I | re.S,
)
_ANOTHER = re.compile(r"^[^\w\n]*(?:grade[^\w\n]*)?[0-3][^\S\n]*[:;]", re.I | re.M)
_OPENING = re.compile(r"^\W*(?:the )?reason\W*", re.I)


def read_grade(reply: str) -> tuple[int, str]:
    """Return (grade, reason) of a reply such as ``2: names the year only``.

    Raises `ValueError` if it does not begin with one whole grade from 0 to 3, or gives several.
    """
    match = _GRADE.fullmatch(reply)
    if match is None:
        raise ValueError("the reply is no grade from 0 to 3 with a reason")
    if _ANOTHER.search(match[2]):
        raise ValueError("the reply gives several grades")
    return int(match[1]), on_one_line(_OPENING.sub("", match[2]), LONGEST_REASON)


def to_grade(
    judgements: JudgementStore,
    pipelines: Iterable[Pipeline],
    questions: Sequence[Question],
    depth: int,
    model: str,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> tuple[list[Item], list[str]]:
    """Return the pooled passages that the model has not graded yet, and what could not be searched.

    Raises `Interrupted` if it is stopped.
    """
    pipelines, found = list(pipelines), []
    failures: list[str] = []
    for done, question in enumerate(questions):
        advance(done, len(questions), "questions", on_progress, stop)
        try:
            traces = [pipeline.search(question.text) for pipeline in pipelines]
        except RanklensError as error:
            failures.append(f"{on_one_line(question.text, 80)}: {error}")
            continue
        pool = pooled(traces, depth)
        given = judgements.for_chunks(question.text, pool)
        found += [
            (question.text, chunk)
            for chunk in pool
            if (model, "llm", chunk.start, chunk.end)
            not in {(one.judge, one.source, one.start, one.end) for one in given[chunk.id]}
        ]
    advance(len(questions), len(questions), "questions", on_progress, stop)
    return found, failures


def propose(
    model: LanguageModel,
    judgements: JudgementStore,
    items: Sequence[Item],
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> CallsOutcome:
    """Ask the model for a grade of every passage; each is kept as it comes.

    A reply that is no grade is not kept and is among the failures.
    """
    instructions = model.prompt("grade")
    calls = [_call(model.settings, instructions, item) for item in items]

    def keep(place: int, value: tuple[int, str]) -> None:
        question, chunk = items[place]
        judgements.grade(question, chunk, value[0], model.model, value[1], source="llm")

    return ask_all(model, calls, keep, on_progress, stop)


def _call(settings: Settings, instructions: str, item: Item) -> ModelCall[tuple[int, str]]:
    question, chunk = item
    mark = boundary([question, chunk.in_document])
    system = instructions.format(boundary=mark)
    passage = delimited("passage", mark, fitted(chunk.in_document, settings, system + question))
    asked = delimited("question", mark, defused(question))
    user = f"{passage}\n\n{asked}\n\nWrite the grade of the passage and the reason."
    about = f"{on_one_line(question, 80)} ({chunk.document}, characters {chunk.start}-{chunk.end})"
    return ModelCall(about, system, user, read_grade)
