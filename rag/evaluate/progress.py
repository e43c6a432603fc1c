"""How long work reports how far it is, and how it is stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable

from rag.errors import RanklensError

OnProgress = Callable[[int, int], None]
"""Called with (how many are done, how many in all)."""


class Interrupted(RanklensError):
    """The work was asked to stop before it was done."""


def advance(
    done: int, total: int, what: str, on_progress: OnProgress | None, stop: threading.Event | None
) -> None:
    """Report progress; raises `Interrupted` if there is more to do and ``stop`` is set."""
    if on_progress:
        on_progress(done, total)
    if stop is not None and stop.is_set() and done < total:
        raise Interrupted(f"stopped after {done} of {total} {what}")
