"""TREC's forms: judgements as qrels, a stage as a run.

Neither form allows white space in a name, so names are percent-encoded. A judged span is written
``DOCUMENT#START-END``, a document judged as a whole ``DOCUMENT``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from statistics import median_low
from urllib.parse import quote, unquote

from rag.evaluate.data import Question, Run
from rag.evaluate.faults import read_rows
from rag.evaluate.judgements.csv_files import whole_number
from rag.evaluate.judgements.placing import TextOf, placed
from rag.evaluate.judgements.record import PEOPLE, Judgement, same_words

SPAN = re.compile(r"(?P<document>.+)#(?P<start>\d+)-(?P<end>\d+)")


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
            item = encoded(one.document) + ("" if one.whole else f"#{one.start}-{one.end}")
            for name in ids.get(one.question, ()):
                grades.setdefault((name, item), []).append(one.grade)
    return "".join(
        f"{encoded(name)} 0 {item} {median_low(given)}\n" for (name, item), given in grades.items()
    )


def from_qrels(
    text: str, questions: Sequence[Question], text_of: TextOf, judge: str = "import",
    name: str = "the qrels",
) -> list[Judgement]:  # fmt: skip
    """Read qrels; raises `RanklensError` that names every faulty line."""
    words = {encoded(q.id): q.text for q in questions} | {q.id: q.text for q in questions}
    rows = [(n, line.split()) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    return read_rows(name, rows, lambda cells: _judgement(cells, words, text_of, judge))


def to_run(run: Run, stage: str) -> str:
    """Return a stage's rankings as a run: ``question Q0 item rank score tag`` lines."""
    tag = encoded(f"{run.name}.{stage}")
    return "".join(
        f"{encoded(question)} Q0 {encoded(item)} {rank} {score!r} {tag}\n"
        for question, ranking in run.rankings(stage)
        for rank, (item, score) in enumerate(zip(ranking.items, ranking.scores, strict=True), 1)
    )


def _judgement(
    cells: Sequence[str], words: Mapping[str, str], text_of: TextOf, judge: str
) -> Judgement:
    if len(cells) != 4:
        raise ValueError(f"{len(cells)} columns in place of question, 0, item and grade")
    question, _, item, grade = cells
    if question not in words:
        raise ValueError(f"question {question!r} is not in the set")
    match = SPAN.fullmatch(item)
    start, end = (int(match["start"]), int(match["end"])) if match else (0, 0)
    if match and not end:
        raise ValueError(f"{item!r} has no characters")
    document = unquote(match["document"] if match else item)
    return placed(
        text_of, words[question], document, whole_number(grade, "grade"), judge,
        start=start, end=end, source="import",
    )  # fmt: skip
