"""Faulty rows of a file from outside: all of them in one error, and nothing half-imported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from rag.errors import RanklensError

R = TypeVar("R")
T = TypeVar("T")
SHOWN = 20  # faults named in one message
LENGTH = 300  # characters of one; a row from outside may be long


def read_rows(source: str, rows: Iterable[tuple[int, R]], read: Callable[[R], T]) -> list[T]:
    """Return what ``read`` makes of every row, which comes with its line (0 if not known).

    Raises `RanklensError` that names every row for which ``read`` raises `ValueError`.
    """
    found: list[T] = []
    faults: list[str] = []
    count = 0
    for line, row in rows:
        try:
            found.append(read(row))
        except ValueError as error:
            count += 1
            if count <= SHOWN:
                faults.append(f"line {line}: {error}" if line else str(error))
    raise_faults(source, faults, count)
    return found


def raise_faults(source: str, found: Sequence[str], count: int = 0) -> None:
    """Raise `RanklensError` naming the faults; nothing happens if there are none.

    ``count``: how many there are, if those ``found`` are the first of them.
    """
    if not found:
        return
    count = count or len(found)
    shown = "\n  ".join(map(_shortened, found[:SHOWN]))
    more = f"\n  and {count - SHOWN} more" if count > SHOWN else ""
    rows = "1 row is" if count == 1 else f"{count} rows are"
    raise RanklensError(f"{source}: {rows} faulty, and nothing was imported:\n  {shown}{more}")


def _shortened(fault: str) -> str:
    return fault if len(fault) <= LENGTH else f"{fault[:LENGTH]} …"
