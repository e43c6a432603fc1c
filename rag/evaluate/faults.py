"""Faulty rows of a file from outside: all of them in one error, and nothing half-imported."""

from __future__ import annotations

from collections.abc import Sequence

from rag.errors import RanklensError

SHOWN = 20  # faults named in one message


def raise_faults(source: str, found: Sequence[str]) -> None:
    """Raise `RanklensError` naming the faults; nothing happens if there are none."""
    if not found:
        return
    shown = "\n  ".join(found[:SHOWN])
    more = f"\n  and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    rows = "1 row is" if len(found) == 1 else f"{len(found)} rows are"
    raise RanklensError(f"{source}: {rows} faulty, and nothing was imported:\n  {shown}{more}")
