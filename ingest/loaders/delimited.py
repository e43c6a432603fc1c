"""CSV and TSV: one block a row that keeps the column names."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

from ingest.loaders.base import Page, grid
from ingest.loaders.decode import read_text
from ingest.loaders.options import LoadOptions
from rag.errors import DocumentError

DELIMITERS = ",;\t|"
SAMPLE_LINES = 60
LONGEST_FIELD = 16 << 20


def load(path: Path, options: LoadOptions) -> list[Page]:
    """Return the table as one page; raises `DocumentError` if it cannot be read as one."""
    text = read_text(path)
    csv.field_size_limit(LONGEST_FIELD)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter(text)))
    except csv.Error as error:
        raise DocumentError(f"it is no table that can be read: {error}") from error
    return [Page(None, tuple(grid(rows)))]


def delimiter(text: str) -> str:
    """Return the delimiter that cuts most of the first lines into the same number of fields."""
    sample = "\n".join(text[:200_000].splitlines()[:SAMPLE_LINES])
    best, most = ",", 0
    for candidate in DELIMITERS:
        widths = Counter(len(row) for row in csv.reader(io.StringIO(sample), delimiter=candidate))
        widths.pop(0, None)
        width, count = max(widths.items(), key=lambda item: (item[1], item[0]), default=(1, 0))
        if width > 1 and count * min(width, 4) > most:
            best, most = candidate, count * min(width, 4)
    return best
