"""Judgements as CSV and back: everything that is known of each, a row a judgement."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rag.errors import RanklensError
from rag.evaluate.faults import read_rows
from rag.evaluate.judgements.placing import TextOf, placed
from rag.evaluate.judgements.record import SOURCES, Judgement

COLUMNS = (
    "question", "document", "start", "end", "quote", "grade", "note", "judge", "source", "status",
    "time", "digest",
)  # fmt: skip
NEEDED = ("question", "document", "grade")


def to_csv(judgements: Iterable[Judgement]) -> str:
    """Return judgements as CSV with a header; times are in UTC."""
    rows = ({name: getattr(one, name) for name in COLUMNS} for one in judgements)
    return written(COLUMNS, rows)


def written(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows as CSV with a header; ``time`` is in seconds since 1970."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({**row, "time": datetime.fromtimestamp(row["time"], UTC).isoformat()})
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
    return read_rows(name, _numbered(reader), lambda row: _judgement(row, text_of, judge))


def _numbered(reader: csv.DictReader[str]) -> Iterator[tuple[int, dict[str, str | None]]]:
    for row in reader:
        yield reader.line_num, row


def _judgement(row: Mapping[str, str | None], text_of: TextOf, judge: str) -> Judgement:
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
    if not cells["question"]:
        raise ValueError("no question")
    source = next((one for one in SOURCES if one == (cells["source"] or "import")), None)
    if source is None:
        raise ValueError(f"source {cells['source']!r} is not one of {', '.join(SOURCES)}")
    return placed(
        text_of, cells["question"], cells["document"], whole_number(cells["grade"], "grade"),
        cells["judge"] or judge, row.get("quote") or "",
        *(whole_number(cells[name] or "0", name) for name in ("start", "end")),
        source=source, note=row.get("note") or "",
        time=datetime.fromisoformat(cells["time"]).timestamp() if cells["time"] else 0.0,
    )  # fmt: skip


def whole_number(written: str, name: str) -> int:
    """Read a number of digits alone; raises `ValueError` for anything else."""
    if not written.strip().isdecimal():
        raise ValueError(f"{name} {written!r} is not a whole number")
    return int(written)
