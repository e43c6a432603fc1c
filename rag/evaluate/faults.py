"""Faulty rows of a file from outside: all of them told at once, and nothing half-imported."""

from __future__ import annotations

from collections.abc import Sequence

from rag.errors import RanklensError

TOLD = 20  # faults named in one message


def raise_faults(source: str, found: Sequence[str]) -> None:
    """Raise `RanklensError` naming the faults; nothing happens where there are none."""
    if not found:
        return
    told = "\n  ".join(found[:TOLD])
    more = f"\n  and {len(found) - TOLD} more" if len(found) > TOLD else ""
    rows = "1 row is" if len(found) == 1 else f"{len(found)} rows are"
    raise RanklensError(f"{source}: {rows} faulty, and nothing was taken in:\n  {told}{more}")
