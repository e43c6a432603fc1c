"""Parquet files as lines of JSON. They are read by C++ code, so in a process with limits.

`json_lines` asks that process (`ingest.child_main`, task *table*), where `packed_lines` runs.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from ingest.child import COMMAND, Child
from rag.errors import DocumentError, RanklensError
from rag.evaluate.lines import LONGEST, MOST_LINES

MEMORY_MB = 4_096  # address space; Arrow reserves far more of it than it uses
SECONDS = 300.0
ROWS_AT_ONCE = 256


def json_lines(path: Path, columns: Sequence[str], most: int) -> Iterator[str]:
    """Yield each row's ``columns``, those that there are, as a line of JSON.

    ``most``: MB that all lines may have together. Raises `RanklensError` that names the file.
    """
    request = {
        "task": "table", "path": str(path.absolute()), "columns": list(columns), "most": most << 20,
        "memory_mb": MEMORY_MB, "seconds": SECONDS,
    }  # fmt: skip
    try:
        with closing(Child(COMMAND)) as child:
            header, parts = child.ask(request, seconds=SECONDS, most=(most << 20) + 1)
    except DocumentError as error:
        raise RanklensError(f"{path} cannot be read: {error}") from None
    if "memory" in header:
        raise RanklensError(f"{path} cannot be read: it needs more than {MEMORY_MB:,} MB")
    if "reason" in header:
        raise RanklensError(f"{path} cannot be read: {header['reason']}")
    return (line.decode("utf-8", "replace") for line in parts[0].splitlines(keepends=True))


def packed_lines(path: Path, columns: Sequence[str], most: int) -> bytes:
    """Return the rows as lines of JSON; raises `DocumentError` if they are too many or too long."""
    from pyarrow import parquet  # type: ignore[import-untyped]

    file = parquet.ParquetFile(path)
    there = [name for name in file.schema_arrow.names if name in set(columns)]
    if not there:
        raise DocumentError(f"it has none of the columns {', '.join(columns)}")
    out, count = io.BytesIO(), 0
    for batch in file.iter_batches(ROWS_AT_ONCE, columns=there, use_threads=False):
        for row in batch.to_pylist():
            line = json.dumps(row, default=str, allow_nan=True).encode() + b"\n"
            count += 1
            if len(line) > LONGEST or count > MOST_LINES or out.tell() + len(line) > most:
                raise DocumentError(
                    f"its rows have more than {most >> 20:,} MB, or one of them more than "
                    f"{LONGEST >> 20} MB; split it, or raise the option max_file_mb"
                )
            out.write(line)
    return out.getvalue()


def as_whole(value: Any) -> int:
    """Return a grade as a file has it, such as ``2`` or ``1.0``; raises `ValueError`."""
    number = float(value)
    if isinstance(value, bool) or not math.isfinite(number) or number != int(number):
        raise ValueError(f"grade {value!r} is not a whole number")
    return int(number)
