"""The traces of the last questions of other programs, by an id that their replies carry."""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict

from rag.errors import NotThere
from rag.types import Trace

MOST = 200  # some 20 MB


class RecentTraces:
    """The last `MOST` traces, in memory: they are gone when the program ends. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._traces: OrderedDict[str, Trace] = OrderedDict()

    def keep(self, trace: Trace, name: str = "") -> str:
        """Keep a trace and return its id; the trace of an id that is given is replaced.

        The oldest leaves if there are too many.
        """
        name = name or uuid.uuid4().hex
        with self._lock:
            self._traces[name] = trace
            self._traces.move_to_end(name)
            if len(self._traces) > MOST:
                self._traces.popitem(last=False)
        return name

    def get(self, name: str) -> Trace:
        """Return the trace of an id; raises `NotThere`."""
        with self._lock:
            if name not in self._traces:
                raise NotThere(
                    f"there is no trace {name[:40]!r}: the last {MOST} are kept, until the "
                    "program ends"
                )
            return self._traces[name]
