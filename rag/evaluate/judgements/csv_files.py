"""Judgements as CSV and back: everything that is known of each, a row a judgement."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from rag.errors import RanklensError
from rag.evaluate.faults import raise_faults
from rag.evaluate.judgements.anchors import locate
from rag.evaluate.judgements.record import SOURCES, Judgement, Source
from rag.evaluate.judgements.trec import TextOf, grade

COLUMNS = (
    "question", "document", "start", "end", "quote", "grade", "note", "judge", "source", "status",
    "time", "digest",
)  # fmt: skip
NEEDED = ("question", "document", "grade")


def to_csv(judgements: Sequence[Judgement]) -> str:
    """Return judgements as CSV with a header; times are in UTC."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for one in judgements:
        row = {name: getattr(one, name) for name in COLUMNS}
        writer.writerow({**row, "time": datetime.fromtimestamp(one.time, UTC).isoformat()})
    return out.getvalue()


def from_csv(
    text: str, text_of: TextOf, judge: str = "import", name: str = "the file"
) -> list[Judgement]:
    """Read judgements; raises `RanklensError` that names every faulty row.

    A row needs a question, a document and a grade. Its quote is looked for in the document's
    present text, nearest to ``start``; without quote, start and end the whole document is judged.
    """
    csv.field_size_limit(1 << 24)
    reader = csv.DictReader(io.StringIO(text, newline=""))
    lacking = [column for column in NEEDED if column not in (reader.fieldnames or ())]
    if lacking:
        raise RanklensError(
            f"{name} needs the columns {', '.join(NEEDED)}; it lacks {', '.join(lacking)}"
        )
    found: list[Judgement] = []
    faults: list[str] = []
    for row in reader:
        try:
            found.append(_judgement(row, text_of, judge))
        except ValueError as error:
            faults.append(f"line {reader.line_num}: {error}")
    raise_faults(name, faults)
    return found


def _judgement(row: Mapping[str, str | None], text_of: TextOf, judge: str) -> Judgement:
    cells = {name: row.get(name) or "" for name in COLUMNS}
    document = cells["document"].strip()
    if not cells["question"].strip():
        raise ValueError("no question")
    held = text_of(document)
    if held is None:
        raise ValueError(f"there is no document {document!r} in the library")
    text = held.text
    start, end = _span(cells, text, document)
    return Judgement(
        question=cells["question"],
        document=held.name,
        digest=held.digest,
        start=start,
        end=end,
        quote=text[start:end],
        grade=grade(cells["grade"]),
        judge=cells["judge"].strip() or judge,
        source=_source(cells["source"]),
        note=cells["note"],
        time=_time(cells["time"]),
    )


def _span(cells: Mapping[str, str], text: str, document: str) -> tuple[int, int]:
    start, end = (_place(cells[name], name) for name in ("start", "end"))
    if cells["quote"].strip():
        span = locate(cells["quote"], text, start, loose=True)
        if span is None:
            raise ValueError(f"its quote is not in {document!r}: {cells['quote'][:60]!r}")
        return span
    if end and not start < end <= len(text):
        raise ValueError(f"{document!r} has no characters {start} to {end}")
    return (start, end) if end else (0, 0)


def _place(written: str, name: str) -> int:
    if not written.strip():
        return 0
    if not written.strip().isdecimal():
        raise ValueError(f"{name} {written!r} is not a whole number")
    return int(written)


def _source(written: str) -> Source:
    for source in SOURCES:
        if (written.strip() or "import") == source:
            return source
    raise ValueError(f"source {written!r} is not one of {', '.join(SOURCES)}")


def _time(written: str) -> float:
    return datetime.fromisoformat(written).timestamp() if written.strip() else 0.0
