"""Another process that answers one request after the other, each within a time limit.

What strangers wrote is read in such a process: if it hangs, crashes or eats memory it
fails one request and nothing else. It gets no key, and it ends with this process.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ingest.messages import Packet, PartsTooLarge, receive, send
from rag.errors import DocumentError
from rag.text.plural import plural

ROOT = Path(__file__).resolve().parents[1]
# -P: no module of the current folder stands in for one of the project's.
COMMAND = (sys.executable, "-P", "-m", "ingest.child_main")
GRACE = 1.0  # seconds for a process that has closed its output to end
# What Python needs to start and to find its packages. Keys and the rest stay here.
KEPT = (
    *("PATH", "HOME", "TMPDIR", "TEMP", "TMP", "TZ", "LANG", "LC_ALL", "LC_CTYPE", "VIRTUAL_ENV"),
    *("PYTHONHOME", "PYTHONPATH", "PYTHONUSERBASE", "PYTHONNOUSERSITE", "PYTHONUTF8"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"),
    *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "USERPROFILE", "APPDATA", "LOCALAPPDATA"),
)
# Threads of libraries reserve address space, which is limited, and there is one document at a time.
ADDED = {
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
# The system's word for a process that used up its processor time (not on Windows).
TIME_IS_UP = {getattr(signal, "SIGXCPU", 0)} - {0}


class ProcessDied(DocumentError):
    """The process ended before it had answered."""


class Child:
    """A process that writes one message for each that it reads."""

    def __init__(self, command: Sequence[str]) -> None:
        """Start it; `close` must be called in the end."""
        self.answered = 0
        self._process = subprocess.Popen(  # noqa: S603 - this program's own command
            (*command, str(os.getpid())),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,
        )

    def ask(
        self,
        request: Mapping[str, Any],
        parts: Sequence[bytes] = (),
        *,
        seconds: float,
        most: int,
    ) -> Packet:
        """Return the answer to a request; its parts are at most ``most`` bytes.

        Raises `ProcessDied`, and `DocumentError` if it took longer than ``seconds`` or is too
        large; after any of these the process is gone.
        """
        late = threading.Event()

        def stop() -> None:
            late.set()
            self.kill()

        timer = threading.Timer(seconds, stop)
        timer.daemon = True
        timer.start()
        try:
            answer = self._exchange(request, parts, most)
        except PartsTooLarge:
            self.kill()
            raise DocumentError(
                f"its text and structure take more than {most >> 20:,} MB; split the document or "
                "raise the setting max_document_characters"
            ) from None
        except ValueError:
            self.kill()
            raise ProcessDied("its parser gave an answer that cannot be read; try again") from None
        finally:
            timer.cancel()
        if answer:
            self.answered += 1
            return answer
        code = self._ended()
        if late.is_set() or -code in TIME_IS_UP:
            raise DocumentError(
                f"reading it took longer than {plural(seconds, 'second')} and was stopped; "
                "split the document or raise the setting parse_seconds"
            )
        raise ProcessDied(_death(code))

    def kill(self) -> None:
        """End the process and all that it started, from any thread; who waits gets an error."""
        if self._process.poll() is not None:
            return
        with suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()

    def close(self) -> None:
        """End the process and all that it started, and collect it."""
        self.kill()
        self._process.communicate()

    def _exchange(
        self, request: Mapping[str, Any], parts: Sequence[bytes], most: int
    ) -> Packet | None:
        given, taken = self._process.stdin, self._process.stdout
        assert given is not None  # noqa: S101 - both are pipes, as Popen was called
        assert taken is not None  # noqa: S101 - see above
        with suppress(BrokenPipeError):  # it has ended: so does its output, without an answer
            send(given, request, parts)
        return receive(taken, most)

    def _ended(self) -> int:
        """Wait for the end of a process that will give no answer, and return its exit code."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE)
        self.kill()
        return self._process.wait()


def _death(code: int) -> str:
    if code == -signal.SIGKILL:
        return "its parser was killed, probably for want of memory; close other programs and retry"
    if code == 0:
        return "its parser stopped before it was done; try again"
    if -code == signal.SIGABRT:  # what C++ and Rust do if there is no memory
        return (
            "its parser gave up (SIGABRT): the file is damaged, or reading it needs more memory "
            "than the setting parse_memory_mb allows"
        )
    how = f"crashed ({signal.Signals(-code).name})" if code < 0 else f"stopped (exit code {code})"
    return f"its parser {how}; the file is probably damaged: save it again in its program"


def _environment() -> dict[str, str]:
    """Return an environment without secrets, in which Python finds the project's modules."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    path = os.pathsep.join(filter(None, (str(ROOT), kept.get("PYTHONPATH"))))
    return {**kept, **ADDED, "PYTHONPATH": path}
