"""Hostile files through a real library: what became of each, and what others noticed meanwhile."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest.mock import patch

from ingest.parse import Parser
from ingest.parsed import CutDocument
from ingest.progress import FileOutcome
from rag.settings import Settings
from ranklens.library import Library

SECONDS, MEMORY_MB = 60.0, 1024
GRACE = 5.0  # seconds: to start a process, to end it and to store what it answered
QUESTION = "Which probe found a ring of the comet?"
ANSWER = "The probe Kestrel found a ring of the comet near the sun."
EVERY = 0.1  # seconds between questions
JARGON = re.compile(
    r"\b[A-Z]\w+(Error|Exception)\b|Traceback|StartTag|object at 0x|maximum recursion|/files/"
)


def limited(settings: Settings) -> Settings:
    """Return settings under which each file is read in a minute and a gigabyte, or refused."""
    return settings.updated(parse_seconds=SECONDS, parse_memory_mb=MEMORY_MB, reranker="none")


class TimedParser(Parser):
    """Adds up how long it reads."""

    seconds = 0.0

    def parse(
        self, path: Path, digest: str, name: str, password: str = "", pictures: bytes = b""
    ) -> CutDocument:
        started = time.perf_counter()
        try:
            return super().parse(path, digest, name, password, pictures)
        finally:
            TimedParser.seconds += time.perf_counter() - started


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one file, and how long it was read and cut; encoding takes what it takes."""

    name: str
    seconds: float
    outcome: FileOutcome

    @property
    def problem(self) -> str:
        """Why it counts as a failure of the program, if it does."""
        if self.seconds > SECONDS + GRACE:
            return f"took {self.seconds:.0f} s"
        if self.outcome.status == "failed" and not self.outcome.reason:
            return "gives no reason"
        words = "\n".join((self.outcome.reason, *self.outcome.warnings))
        return f"says {match[0]!r}" if (match := JARGON.search(words)) else ""


@dataclass(slots=True)
class Visitor:
    """Somebody who asks all the time; ``times`` are the seconds of each search."""

    library: Library
    times: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    _done: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Visitor:
        self._done.clear()
        self._thread = threading.Thread(target=self._ask, name="visitor")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def ask_for(self, seconds: float) -> None:
        """Ask for some time and do nothing else."""
        with self:
            time.sleep(seconds)

    def take(self) -> list[float]:
        """Return the times since the last call."""
        taken, self.times = self.times, []
        return taken

    def _ask(self) -> None:
        while not self._done.wait(EVERY):
            started = time.perf_counter()
            trace = self.library.pipeline.search(QUESTION)
            self.times.append(time.perf_counter() - started)
            # Fusion may well put a thousand equal passages of a hostile file before it.
            if not any(hit.chunk.text == ANSWER for stage in trace.stages for hit in stage.hits):
                self.wrong.append(str(trace.evidence[:1]))

    _thread: threading.Thread = field(init=False)


def p95(times: Sequence[float]) -> float:
    """Return the time that 95 of 100 stay below."""
    return sorted(times)[int(0.95 * (len(times) - 1))]


def prepare(library: Library, folder: Path) -> None:
    """Add the document that answers the visitor's question."""
    path = folder / "answer.txt"
    path.write_text(ANSWER)
    library.enqueue(path)
    library.work()


def add(library: Library, folder: Path, files: Iterable[tuple[str, bytes]]) -> Iterator[Result]:
    """Add files one after the other, each as soon as the former is done, and time them.

    What is attached to one is read after it; the result is then that of a problem, if there is one.
    """
    for name, data in files:
        path = folder / "file"
        path.write_bytes(data)
        outcome = library.enqueue(path, name)
        TimedParser.seconds = 0.0
        outcomes = [outcome]
        if outcome.status == "queued":
            with patch("ingest.preparing.Parser", TimedParser):
                outcomes = library.work()
        results = [Result(one.name, TimedParser.seconds, one) for one in outcomes]
        own = next(r for r in results if r.name == outcome.name)
        yield next((r for r in results if r.problem), replace(own, name=name))
