"""Judgements as files: CSV with all that is known of each, TREC's qrels, and a stage as a TREC run.

TREC's forms allow no white space in a name, so names are percent-encoded. A judged span is written
``DOCUMENT#START-END``, a document judged as a whole ``DOCUMENT``.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median_low
from typing import Any
from urllib.parse import quote, unquote

from rag.errors import RanklensError
from rag.evaluate.data import Question, Run
from rag.evaluate.faults import read_rows
from rag.evaluate.judgements.anchors import locate
from rag.evaluate.judgements.record import HIGHEST, LOWEST, PEOPLE, SOURCES, Judgement, same_words
from rag.evaluate.lines import filled_lines, limited, table

COLUMNS = (
    "question", "document", "start", "end", "quote", "grade", "note", "judge", "source", "status",
    "time", "digest", "accepted", "requested_by",
)  # fmt: skip
NEEDED = ("question", "document", "grade")
# Full-width signs begin a formula too, if the spreadsheet is set to Japanese for instance.
FORMULA = re.compile(r"[\s']*[=+\-@\uff1d\uff0b\uff0d\uff20]")
SPAN = re.compile(r"(?P<document>.+)#(?P<start>\d+)-(?P<end>\d+)")


@dataclass(frozen=True, slots=True)
class DocumentText:
    """A document of the library: its own name, the digest of its bytes, its extracted text."""

    name: str
    digest: str
    text: str


TextOf = Callable[[str], DocumentText | None]
"""A name that a file gives a document → the document, None if it is not there.

Raises `ValueError` if several documents could be meant.
"""


def placed(
    text_of: TextOf, question: str, document: str, grade: int, judge: str,
    quote: str = "", start: int = 0, end: int = 0, **more: Any,
) -> Judgement:  # fmt: skip
    """Return the judgement of a row; raises `ValueError` with what is wrong with it.

    A quote is looked for in the document's present text, nearest to ``start``. Without one the
    characters ``start:end`` are judged, and without these the document as a whole. ``more`` are
    the other fields of `Judgement`.
    """
    if not LOWEST <= grade <= HIGHEST:
        raise ValueError(f"grade {grade} is not one from {LOWEST} to {HIGHEST}")
    held = text_of(document)
    if held is None:
        raise ValueError(f"its document is not in the library ({document})")
    span = (start, end) if end else (0, 0)
    if quote.strip():
        found = locate(quote, held.text, start, loose=True)
        if found is None:
            raise ValueError(f"its quote is not there ({document}): {quote[:60]!r}")
        span = found
    elif end and not 0 <= start < end <= len(held.text):
        raise ValueError(f"{document!r} has no characters {start} to {end}")
    text = held.text[slice(*span)]
    return Judgement(question, held.name, held.digest, *span, text, grade, judge, **more)


def to_csv(judgements: Iterable[Judgement]) -> str:
    """Return judgements as CSV with a header; times are in UTC."""
    rows = ({name: getattr(one, name) for name in COLUMNS} for one in judgements)
    return written(COLUMNS, rows)


def written(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows as CSV with a header; ``time`` is in seconds since 1970.

    A text that a spreadsheet would run as a formula gets an apostrophe before it (`unprotected`).
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        cells = {name: _protected(value) for name, value in row.items()}
        writer.writerow({**cells, "time": datetime.fromtimestamp(row["time"], UTC).isoformat()})
    return out.getvalue()


def _protected(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and FORMULA.match(value) else value


def unprotected(cell: str) -> str:
    """Return a cell's text without the apostrophe that `written` put before a formula."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def from_csv(
    lines: Iterable[str], text_of: TextOf, judge: str = "import", name: str = "the file"
) -> list[Judgement]:
    """Read judgements; raises `RanklensError` that names every faulty row.

    A row needs a question, a document and a grade. Its quote is looked for in the document's
    present text, nearest to ``start``; without quote, start and end the whole document is judged.
    """
    columns, rows = table(lines, name)
    lacking = [column for column in NEEDED if column not in columns]
    if lacking:
        raise RanklensError(
            f"{name} needs the columns {', '.join(NEEDED)}; it lacks {', '.join(lacking)}"
        )
    return read_rows(name, limited(rows, name), lambda row: _from_row(row, text_of, judge))


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
    lines: Iterable[str], questions: Sequence[Question], text_of: TextOf, judge: str = "import",
    name: str = "the qrels",
) -> list[Judgement]:  # fmt: skip
    """Read qrels; raises `RanklensError` that names every faulty line."""
    words = {encoded(q.id): q.text for q in questions} | {q.id: q.text for q in questions}
    rows = limited(filled_lines(lines), name)
    return read_rows(name, rows, lambda line: _from_cells(line.split(), words, text_of, judge))


def to_run(run: Run, stage: str) -> str:
    """Return a stage's rankings as a run: ``question Q0 item rank score tag`` lines."""
    tag = encoded(f"{run.name}.{stage}")
    return "".join(
        f"{encoded(question)} Q0 {encoded(item)} {rank} {score!r} {tag}\n"
        for question, ranking in run.rankings(stage)
        for rank, (item, score) in enumerate(zip(ranking.items, ranking.scores, strict=True), 1)
    )


def _from_row(row: Mapping[str, str | None], text_of: TextOf, judge: str) -> Judgement:
    given = {name: unprotected(row.get(name) or "") for name in COLUMNS}
    cells = {name: cell.strip() for name, cell in given.items()}
    if not cells["question"]:
        raise ValueError("no question")
    source = next((one for one in SOURCES if one == (cells["source"] or "import")), None)
    if source is None:
        raise ValueError(f"source {cells['source']!r} is not one of {', '.join(SOURCES)}")
    return placed(
        text_of, cells["question"], cells["document"], _whole_number(cells["grade"], "grade"),
        cells["judge"] or judge, given["quote"],
        *(_whole_number(cells[name] or "0", name) for name in ("start", "end")),
        source=source, note=given["note"],
        time=datetime.fromisoformat(cells["time"]).timestamp() if cells["time"] else 0.0,
        accepted=cells["accepted"] == "True", requested_by=cells["requested_by"],
    )  # fmt: skip


def _from_cells(
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
        text_of, words[question], document, _whole_number(grade, "grade"), judge,
        start=start, end=end, source="import",
    )  # fmt: skip


def _whole_number(written: str, name: str) -> int:
    """Read a number of digits alone; raises `ValueError` for anything else."""
    if not written.strip().isdecimal():
        raise ValueError(f"{name} {written!r} is not a whole number")
    return int(written)
