"""Another process that answers one request after the other, each within a time limit.

What strangers wrote is read in such a process: if it hangs, crashes or eats memory it
fails one request and nothing else.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from rag.errors import DocumentError
from rag.text.plural import plural

ROOT = Path(__file__).resolve().parents[1]
GRACE = 1.0  # seconds for a process that has closed its output to end


class ProcessDied(DocumentError):
    """The process ended before it had answered."""


class Child:
    """A process that reads a line for each request and writes a line for each answer."""

    def __init__(self, command: Sequence[str]) -> None:
        """Start it; `close` must be called in the end."""
        self.answered = 0
        self._process = subprocess.Popen(  # noqa: S603 - this program's own command
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,
        )

    def ask(self, request: bytes, seconds: float) -> bytes:
        """Return the answer to a request, neither of which holds a line break.

        Raises `ProcessDied`, and `DocumentError` if it took longer than ``seconds``; after
        either the process is gone.
        """
        late = threading.Event()

        def stop() -> None:
            late.set()
            self._kill()

        timer = threading.Timer(seconds, stop)
        timer.daemon = True
        timer.start()
        try:
            answer = self._exchange(request)
        finally:
            timer.cancel()
        if answer.endswith(b"\n"):
            self.answered += 1
            return answer
        code = self._ended()
        if late.is_set():
            raise DocumentError(
                f"reading it took longer than {plural(seconds, 'second')} and was stopped; "
                "split the document or raise the setting parse_seconds"
            )
        raise ProcessDied(_death(code))

    def close(self) -> None:
        """End the process and all that it started, and collect it."""
        self._kill()
        self._process.communicate()

    def _exchange(self, request: bytes) -> bytes:
        given, taken = self._process.stdin, self._process.stdout
        assert given is not None  # noqa: S101 - both are pipes, as Popen was called
        assert taken is not None  # noqa: S101 - see above
        with suppress(BrokenPipeError):  # it has ended: so does its output, without an answer
            given.write(request + b"\n")
            given.flush()
        return taken.readline()

    def _ended(self) -> int:
        """Wait for the end of a process that will give no answer, and return its exit code."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE)
        self._kill()
        return self._process.wait()

    def _kill(self) -> None:
        if self._process.poll() is not None:
            return
        with suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()


def _death(code: int) -> str:
    if code == -signal.SIGKILL:
        return "its parser was killed, probably for want of memory; close other programs and retry"
    if code == 0:
        return "its parser stopped before it was done; try again"
    how = f"crashed ({signal.Signals(-code).name})" if code < 0 else f"stopped (exit code {code})"
    return f"its parser {how}; the file is probably damaged: save it again in its program"


def _environment() -> dict[str, str]:
    """Return this process's environment, in which ``python -m`` finds the project's modules."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path}
