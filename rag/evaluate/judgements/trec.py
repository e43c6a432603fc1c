"""TREC's forms: judgements as qrels, a stage as a run.

Neither form allows white space in a name, so names are percent-encoded. A judged span is written
``DOCUMENT#START-END``, a document judged as a whole ``DOCUMENT``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median_low
from urllib.parse import quote, unquote

from rag.evaluate.data import Question, Run
from rag.evaluate.faults import raise_faults
from rag.evaluate.judgements.record import HIGHEST, LOWEST, PEOPLE, Judgement, same_words

SPAN = re.compile(r"(?P<document>.+)#(?P<start>\d+)-(?P<end>\d+)")


@dataclass(frozen=True, slots=True)
class Held:
    """A document of the library: its own name, the digest of its bytes, its extracted text."""

    name: str
    digest: str
    text: str


TextOf = Callable[[str], Held | None]
"""A name that a file gives a document → the document, None where it is not there.

Raises `ValueError` where several documents could be meant.
"""


def encoded(name: str) -> str:
    """Return a name without white space, from which `unquote` makes the same name again."""
    return quote(name, safe="/:@()[]!,;+*'\"&=?") or "%00"


def to_qrels(judgements: Sequence[Judgement], questions: Sequence[Question]) -> str:
    """Return the judgements of these questions as qrels: ``question 0 item grade`` lines.

    People's only, several judges' grades of one item put together by their lower median: qrels
    have no place for who judged, so a proposal in them would come back as a person's.
    """
    ids: dict[str, list[str]] = {}
    for question in questions:
        ids.setdefault(same_words(question.text), []).append(question.id)
    grades: dict[tuple[str, str], list[int]] = {}
    for one in judgements:
        if one.source in PEOPLE:
            for name in ids.get(one.question, ()):
                grades.setdefault((name, _item(one)), []).append(one.grade)
    return "".join(
        f"{encoded(name)} 0 {item} {median_low(given)}\n" for (name, item), given in grades.items()
    )


def from_qrels(
    text: str,
    questions: Sequence[Question],
    text_of: TextOf,
    judge: str = "import",
    name: str = "the qrels",
) -> list[Judgement]:
    """Read qrels; raises `RanklensError` that names every faulty line."""
    words = {encoded(q.id): q.text for q in questions} | {q.id: q.text for q in questions}
    found: list[Judgement] = []
    faults: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            found.append(_judgement(line.split(), words, text_of, judge))
        except ValueError as error:
            faults.append(f"line {number}: {error}")
    raise_faults(name, faults)
    return found


def to_run(run: Run, stage: str) -> str:
    """Return a stage's rankings as a run: ``question Q0 item rank score tag`` lines."""
    tag = encoded(f"{run.name}.{stage}")
    return "".join(_run_lines(run, stage, tag))


def _run_lines(run: Run, stage: str, tag: str) -> Iterator[str]:
    for question, ranking in run.rankings(stage):
        pairs = zip(ranking.items, ranking.scores, strict=True)
        for rank, (item, score) in enumerate(pairs, 1):
            yield f"{encoded(question)} Q0 {encoded(item)} {rank} {score!r} {tag}\n"


def _item(one: Judgement) -> str:
    document = encoded(one.document)
    return document if one.whole else f"{document}#{one.start}-{one.end}"


def _judgement(
    cells: list[str], words: Mapping[str, str], text_of: TextOf, judge: str
) -> Judgement:
    if len(cells) != 4:
        raise ValueError(f"{len(cells)} columns in place of question, 0, item and grade")
    question, _, item, written = cells
    if question not in words:
        raise ValueError(f"question {question!r} is not in the set")
    match = SPAN.fullmatch(item)
    document = unquote(match["document"] if match else item)
    start, end = (int(match["start"]), int(match["end"])) if match else (0, 0)
    held = text_of(document)
    if held is None:
        raise ValueError(f"there is no document {document!r} in the library")
    if match and not 0 <= start < end <= len(held.text):
        raise ValueError(f"{document!r} has no characters {start} to {end}")
    return Judgement(
        words[question], held.name, held.digest, start, end, held.text[start:end],
        grade(written), judge, "import",
    )  # fmt: skip


def grade(written: str) -> int:
    """Read a grade; raises `ValueError` where it is not a whole number from 0 to 3."""
    if not re.fullmatch(r"-?\d+", written.strip()) or not LOWEST <= int(written) <= HIGHEST:
        raise ValueError(f"grade {written!r} is not a whole number from {LOWEST} to {HIGHEST}")
    return int(written)
