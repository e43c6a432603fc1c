"""An answer that is written in a thread of its own, and kept even if nobody is watching.

A page runs from top to bottom and may be cut short at any moment; the answer goes on, and is in
the conversation when somebody looks again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from rag.chat.store import Conversations, Turn
from rag.errors import RanklensError
from rag.generate.answer import Answering
from rag.types import Answer, Trace

log = logging.getLogger(__name__)

_UNEXPECTED = (
    "Unexpected error. Details are in the server log. What arrived so far is kept; ask again."
)
Finish = Callable[[Answer, Trace], Answer]
Kept = Callable[[Trace], None]


class Writing:
    """The answer to one turn while it is written; `follow` watches, `stop` ends it at once."""

    def __init__(
        self,
        store: Conversations,
        turn: Turn,
        answering: Answering,
        finish: Finish,
        on_kept: Kept,
    ) -> None:
        """Start writing. ``finish`` may add to the complete answer (checks of its citations).

        ``on_kept`` is called with the trace once, at the end; it must not raise.
        """
        self._store = store
        self._turn = turn
        self._answering = answering
        self._finish = finish
        self._on_kept = on_kept
        self._keeping = threading.Lock()
        self._changed = threading.Event()
        self._ended = threading.Event()
        self._done = False
        self._unkept: Answer | None = None
        threading.Thread(target=self._write, name="ranklens-answer", daemon=True).start()

    @property
    def done(self) -> bool:
        """Whether the answer is complete (or stopped), and kept if that was possible."""
        return self._done

    @property
    def unkept(self) -> Answer | None:
        """The whole answer with the reason why the store could not keep it; None if it did."""
        return self._unkept

    @property
    def so_far(self) -> Answer:
        """The answer as far as it has arrived."""
        return self._answering.answer

    @property
    def thinking(self) -> str:
        """What the model has thought so far."""
        return self._answering.thinking

    def stop(self) -> None:
        """Keep what has arrived and end; what comes later is dropped."""
        self._answering.close()
        self._keep(self._answering.answer)

    def follow(self, wait: float = 0.2) -> Iterator[Answer]:
        """Yield the answer as far as it has arrived, every ``wait`` seconds or sooner, until done.

        A citation may be there a moment before its characters are. Whoever shows it is given at
        least three times as long as that took: a long answer drawn anew for every word would
        take the whole processor.
        """
        while not self._done:
            self._changed.wait(wait)
            self._changed.clear()
            started = time.monotonic()
            yield self.so_far
            self._ended.wait(3 * (time.monotonic() - started))
        yield self.so_far

    def _write(self) -> None:
        try:
            for _piece in self._answering:
                self._changed.set()
            answer = self._checked(self._answering.answer)
        except Exception:  # outermost frame of this thread: the turn must not wait forever
            log.exception("the answer could not be written")
            answer = replace(self._answering.answer, error=_UNEXPECTED)
        self._keep(answer)

    def _checked(self, answer: Answer) -> Answer:
        try:
            return self._finish(answer, self._turn.trace)
        except RanklensError as error:
            log.warning("the citations could not be checked: %s", error)
            return answer

    def _keep(self, answer: Answer) -> None:
        with self._keeping:
            if self._done:
                return
            trace = self._turn.trace.with_answer(answer)
            try:
                self._store.complete(self._turn.id, trace)
            # Whatever a store raises: the turn must not wait for ever, and what arrived is shown.
            except Exception as error:
                log.exception("the answer could not be saved")
                self._unkept = replace(answer, error=_unsaved(error))
            self._done = True
        self._ended.set()
        self._changed.set()
        self._on_kept(trace)


def _unsaved(error: Exception) -> str:
    known = isinstance(error, RanklensError)
    reason = str(error) if known else "details are in the server log"
    return f"The answer could not be saved and is lost when the program ends: {reason}. Ask again."
