"""Calls of many threads, computed together: those that wait for a model are its next pass.

One of the waiting threads computes for all of them, so an idle model is called at once, in the
thread that needs it. Calls go in the order in which they came. One that is longer than a pass gives
way after each: a thousand texts do not hold up ten.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
    """The rows of one call; those up to ``taken`` are computed or being computed."""

    rows: Sequence[T]
    gone: Callable[[], bool]
    results: list[R | None]
    left: int
    taken: int = 0
    error: BaseException | None = None

    @property
    def done(self) -> bool:
        return not self.left or self.error is not None


_Slice = tuple[_Call[T, R], range]


class Batcher(Generic[T, R]):
    """Computes rows with ``run``, which returns a result for each and is called for many callers.

    ``lanes`` passes run at once, of at most ``most`` rows each. Without ``mixed`` the rows of one
    pass are of one call.
    """

    def __init__(
        self,
        run: Callable[[list[T]], Sequence[R]],
        lanes: int = 1,
        most: int = MOST,
        mixed: bool = True,
    ) -> None:
        self._run, self._most, self._mixed = run, most, mixed
        self._free = lanes
        self._waiting: deque[_Call[T, R]] = deque()
        self._changed = threading.Condition()

    def __call__(self, rows: Sequence[T]) -> list[R]:
        """Return the result of each row; raises what ``run`` raises for these rows.

        Raises `ModelError` if nobody waits for the result any more (`rag.models.deadline`).
        """
        call: _Call[T, R] = _Call(rows, abandoned(), [None] * len(rows), len(rows))
        with self._changed:
            if rows:
                self._waiting.append(call)
        while not call.done:
            if batch := self._turn(call):
                self._compute(batch)
        if call.error is not None:
            raise call.error
        return call.results  # type: ignore[return-value]  # a result is set for each row

    def _turn(self, call: _Call[T, R]) -> list[_Slice[T, R]]:
        """Wait until a call is done or this thread may compute a pass; return its rows."""
        with self._changed:
            while not call.done:
                if call.gone():
                    self._leave(call)
                elif self._free and call in self._waiting:
                    if batch := self._next():
                        self._free -= 1
                        return batch
                else:
                    self._changed.wait()
        return []

    def _leave(self, call: _Call[T, R]) -> None:
        call.error = ModelError("nobody waits for the result any more")
        if call in self._waiting:
            self._waiting.remove(call)

    def _next(self) -> list[_Slice[T, R]]:
        batch: list[_Slice[T, R]] = []
        room = self._most
        while self._waiting and room and (self._mixed or not batch):
            call = self._waiting.popleft()
            if call.gone():
                call.error = ModelError("nobody waits for the result any more")
                continue
            rows = range(call.taken, min(call.taken + room, len(call.rows)))
            call.taken = rows.stop
            room -= len(rows)
            batch.append((call, rows))
            if call.taken < len(call.rows):
                # It has had a whole pass, or only what others left of one.
                put = self._waiting.append if len(batch) == 1 else self._waiting.appendleft
                put(call)
        return batch

    def _compute(self, batch: list[_Slice[T, R]]) -> None:
        try:
            self._pass(batch)
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()

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
            self._fail(batch, error)
            if not isinstance(error, Exception):
                raise
        else:
            with self._changed:
                for call, rows in batch:
                    call.left -= len(rows)

    def _fail(self, batch: list[_Slice[T, R]], error: BaseException) -> None:
        with self._changed:
            for call, _ in batch:
                call.error = error
                if call in self._waiting:
                    self._waiting.remove(call)


def batcher_for(engine: str, run: Callable[[list[T]], Sequence[R]]) -> Batcher[T, R]:
    """Return a batcher for a model that runs on ``engine`` (`Encoder.engine`).

    ONNX Runtime's rows are computed by the workers, so a pass begins before the last ends. In int8
    a row's rounding depends on the rows beside it: there every pass is one caller's.
    """
    if not engine.startswith("torch"):
        most = max(MOST, 16 * processors())
        return Batcher(run, processors(), most, mixed="int8" not in engine)
    return Batcher(run, most=MOST if engine.endswith("cpu") else MOST_ACCELERATED)
