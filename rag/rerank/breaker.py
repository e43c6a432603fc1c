"""A circuit breaker: a provider that keeps failing is left alone for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

LIMIT = 3
PAUSE = 60.0  # seconds


class Breaker:
    """Counts failures in a row by name. After `LIMIT` of them `refusal` says so for a while.

    When the pause is over one call may try again: its success forgets the failures, its failure
    starts the next pause.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: dict[str, int] = {}
        self._since: dict[str, float] = {}

    def refusal(self, name: str) -> str:
        """Return why ``name`` is not called now, or nothing if it may be."""
        with self._lock:
            if self._failures.get(name, 0) < LIMIT:
                return ""
            left = self._since[name] + PAUSE - self._clock()
            if left <= 0:
                return ""
            return f"it failed {self._failures[name]} times in a row; next try in {left:.0f} s"

    def failed(self, name: str) -> None:
        """Count a failure."""
        with self._lock:
            self._failures[name] = self._failures.get(name, 0) + 1
            self._since[name] = self._clock()

    def worked(self, name: str) -> None:
        """Forget the failures."""
        with self._lock:
            self._failures.pop(name, None)
