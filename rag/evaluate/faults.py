"""Faulty rows of a file from outside: all of them in one error, and nothing half-imported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from rag.errors import RanklensError

R = TypeVar("R")
T = TypeVar("T")
SHOWN = 20  # faults named in one message


def read_rows(source: str, rows: Iterable[tuple[int, R]], read: Callable[[R], T]) -> list[T]:
    """Return what ``read`` makes of every row, which comes with its line (0 if not known).

    Raises `RanklensError` that names every row for which ``read`` raises `ValueError`.
    """
    found: list[T] = []
    faults: list[str] = []
    for line, row in rows:
        try:
            found.append(read(row))
        except ValueError as error:
            faults.append(f"line {line}: {error}" if line else str(error))
    raise_faults(source, faults)
    return found


def raise_faults(source: str, found: Sequence[str]) -> None:
    """Raise `RanklensError` naming the faults; nothing happens if there are none."""
    if not found:
        return
    shown = "\n  ".join(found[:SHOWN])
    more = f"\n  and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    rows = "1 row is" if len(found) == 1 else f"{len(found)} rows are"
    raise RanklensError(f"{source}: {rows} faulty, and nothing was imported:\n  {shown}{more}")
