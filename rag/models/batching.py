"""Calls of many threads, computed together: those that wait for a model are its next pass.

One of the waiting threads computes for all of them, so an idle model is called at once, in the
thread that needs it. Calls go in the order in which they came. One that is longer than a pass gives
way after each: a thousand texts do not hold up ten.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, TypeVar

from rag.errors import ModelError
from rag.models.deadline import abandoned
from rag.models.workers import processors

T = TypeVar("T")
R = TypeVar("R")
MOST = 64  # rows of a pass: half a second for two processors and passages of 150 tokens
MOST_ACCELERATED = 512


@dataclass(slots=True, eq=False)
class _Call(Generic[T, R]):
    """The rows of one call; those up to ``taken`` are computed or being computed.

    ``wake`` is set when its thread has something to do: return, or compute a pass.
    """

    rows: Sequence[T]
    gone: Callable[[], bool]
    results: list[R | None]
    left: int
    taken: int = 0
    error: BaseException | None = None
    wake: threading.Event = field(default_factory=threading.Event)

    @property
    def done(self) -> bool:
        return not self.left or self.error is not None


_Slice = tuple[_Call[T, R], range]


class Batcher(Generic[T, R]):
    """Computes rows with ``run``, which returns a result for each and is called for many callers.

    ``lanes`` passes run at once, of about ``most`` rows each. Unless ``mixed``, every call of
    ``run`` is given the rows of one caller, cut in the same way whoever else waits.
    """

    def __init__(
        self,
        run: Callable[[list[T]], Sequence[R]],
        lanes: int = 1,
        most: int = MOST,
        mixed: bool = True,
    ) -> None:
        self._run, self._lanes, self._most, self._mixed = run, lanes, most, mixed
        self._free = lanes
        self._waiting: deque[_Call[T, R]] = deque()
        self._lock = threading.Lock()

    def __call__(self, rows: Sequence[T]) -> list[R]:
        """Return the result of each row; raises what ``run`` raises for these rows.

        Raises `ModelError` if nobody waits for the result any more (`rag.models.deadline`).
        """
        call: _Call[T, R] = _Call(rows, abandoned(), [None] * len(rows), len(rows))
        with self._lock:
            if rows:
                self._waiting.append(call)
        while batch := self._turn(call):
            self._compute(batch)
        if call.error is not None:
            raise call.error
        return call.results  # type: ignore[return-value]  # a result is set for each row

    def _turn(self, call: _Call[T, R]) -> list[_Slice[T, R]]:
        """Wait until this thread may compute a pass and return its rows, none if the call is done.

        Only threads that have something to do are woken: each switch costs more than a short row.
        """
        while True:
            with self._lock:
                if not call.done and call.gone():
                    self._leave(call)
                if call.done:
                    return []
                if self._free and call in self._waiting and (batch := self._next()):
                    self._free -= 1
                    return batch
                call.wake.clear()
            call.wake.wait()

    def _leave(self, call: _Call[T, R]) -> None:
        call.error = ModelError("nobody waits for the result any more")
        if call in self._waiting:
            self._waiting.remove(call)
        self._wake_next()  # it may have been this thread's turn

    def _wake_next(self) -> None:
        for call in islice(self._waiting, self._free):
            call.wake.set()

    def _next(self) -> list[_Slice[T, R]]:
        """Take the rows of the next pass; what passes beside it may compute is left to them."""
        batch: list[_Slice[T, R]] = []
        room, share = self._most, math.ceil(len(self._waiting) / self._lanes)
        while self._waiting and room > 0 and len(batch) < share:
            call = self._waiting.popleft()
            if call.gone():
                call.error = ModelError("nobody waits for the result any more")
                call.wake.set()
                continue
            size = room if self._mixed else self._most
            rows = range(call.taken, min(call.taken + size, len(call.rows)))
            call.taken = rows.stop
            room -= len(rows)
            batch.append((call, rows))
            if call.taken < len(call.rows):
                # It has had a whole pass, or only what others left of one.
                whole = len(rows) == self._most
                (self._waiting.append if whole else self._waiting.appendleft)(call)
        return batch

    def _compute(self, batch: list[_Slice[T, R]]) -> None:
        parts = deque([batch] if self._mixed else [[one] for one in batch])
        try:
            while parts:
                self._pass(parts.popleft())
        except BaseException as error:  # an interrupt of this thread, which led for others too
            for part in parts:
                self._ended(part, error)
            raise
        finally:
            with self._lock:
                self._free += 1
                self._wake_next()

    def _pass(self, batch: list[_Slice[T, R]]) -> None:
        try:
            found = self._run([call.rows[row] for call, rows in batch for row in rows])
            places = [(call, row) for call, rows in batch for row in rows]
            for (call, row), result in zip(places, found, strict=True):
                call.results[row] = result
        except BaseException as error:
            if len(batch) > 1 and isinstance(error, Exception):
                for one in batch:  # the rows of one caller fail no other
                    self._pass([one])
                return
            self._ended(batch, error)
            if not isinstance(error, Exception):
                raise
        else:
            self._ended(batch)

    def _ended(self, batch: list[_Slice[T, R]], error: BaseException | None = None) -> None:
        with self._lock:
            for call, rows in batch:
                call.left -= len(rows)
                if error is not None:
                    call.error = error
                    if call in self._waiting:
                        self._waiting.remove(call)
                if call.done:
                    call.wake.set()


def batcher_for(engine: str, run: Callable[[list[T]], Sequence[R]]) -> Batcher[T, R]:
    """Return a batcher for a model that runs on ``engine`` (`Encoder.engine`).

    ONNX Runtime's rows are computed by the workers, so a pass begins before the last ends. In int8
    a row's rounding depends on the rows beside it, so there they are not mixed.
    """
    if not engine.startswith("torch"):
        most = max(MOST, 16 * processors())
        return Batcher(run, processors(), most, mixed="int8" not in engine)
    return Batcher(run, most=MOST if engine.endswith("cpu") else MOST_ACCELERATED)
