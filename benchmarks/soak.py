"""Many open pages for ten minutes: ``make soak``. Errors, times, and whether memory grows.

Twenty visitors hold a page open each. Five times a second the next of them does something: asks,
asks again in the same conversation, opens another page, begins a new conversation. The language
model is a local server that answers at once, so the times are the program's own. A request's time
counts from when it was due, also if its visitor was still busy. Memory is that of the server and
of the processes that it started, without files (Pss_Anon), as a median after the warm-up (the
first fifth) and at the end. Exits with 1 after an error or if memory grew by more than 5 %.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

from benchmarks._page import PageRun, Visitor
from benchmarks._report import about_the_run, percentile, table, write
from benchmarks._server import fill, serving, wait_for
from tests.servers.openai_server import OpenAIServer

QUESTIONS = (
    "When did Voyager 1 cross the heliopause?",
    "Why was Mars Climate Orbiter lost?",
    "Why do astronauts float although gravity is nearly as strong up there?",
    "Why did the team destroy a spacecraft that was still working?",
    "What is NSSDCA ID 1977-084A?",
)
ANSWER = "The passages"  # what `OpenAIServer` writes
OTHERS = ("Library", "Inspect", "Compare", "Judge", "Measure", "Monitor", "Settings", "Models")
MOST_GROWTH = 0.05
WARM = 0.2  # of the time


@dataclass
class Soak:
    """What happened: (kind, seconds) of each request, errors, (second, MB) of memory."""

    times: list[tuple[str, float]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)

    def growth(self) -> tuple[float, float]:
        """Return the median memory after the warm-up and of the last part, in MB."""
        end = self.memory[-1][0]
        span = end * WARM
        early = [mb for at, mb in self.memory if span <= at < 2 * span]
        late = [mb for at, mb in self.memory if at >= end - span]
        return statistics.median(early), statistics.median(late)

    def of(self, kind: str) -> list[float]:
        """Return the milliseconds that requests of a kind took."""
        return [1000 * seconds for name, seconds in self.times if name == kind]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--pages", type=int, default=20)
    parser.add_argument("--rate", type=float, default=5, help="requests a second")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    options = parser.parse_args()
    before = os.getloadavg()[0]
    found = soak(options.seconds, options.pages, options.rate)
    early, late = found.growth()
    text = _report(found, options, early, late, before)
    print(text)
    if options.write:
        write("soak", text)
    if found.errors or late > early * (1 + MOST_GROWTH):
        sys.exit(1)


def soak(seconds: float, pages: int, rate: float) -> Soak:
    """Serve the sample documents and let visitors work with them."""
    found = Soak()
    with ExitStack() as stack:
        library = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        model = stack.enter_context(OpenAIServer())
        fill(library)
        server, address, _ = stack.enter_context(serving(library, **_options(model)))
        wait_for(f"{address}/_stcore/health")
        visitors = [stack.enter_context(Visitor(address)) for _ in range(pages)]
        started = time.monotonic()
        done = threading.Event()
        watching = threading.Thread(target=_watch, args=(server.pid, done, found), daemon=True)
        watching.start()
        _work(visitors, address, started, seconds, rate, found)
        done.set()
        watching.join()
        if server.poll() is not None:
            found.errors.append(f"the server ended with {server.returncode}")
    return found


def _options(model: OpenAIServer) -> dict[str, str]:
    return {
        "RANKLENS_LLM_BASE_URL": model.url,
        "RANKLENS_LLM_MODEL": "fake",
        "RANKLENS_LLM_API_KEY": model.key,
    }


def _work(
    visitors: list[Visitor], address: str, started: float, seconds: float, rate: float, found: Soak
) -> None:
    """Let each visitor in turn do the next thing when it is due."""
    doings = [_doings(visitor, address, number) for number, visitor in enumerate(visitors)]
    locks = [threading.Lock() for _ in visitors]

    def act(number: int, due: float) -> None:
        with locks[number]:
            kind, do = next(doings[number])
            try:
                found.errors += [f"{kind}: {error}" for error in do()]
            except (OSError, EOFError, TimeoutError, KeyError) as error:
                found.errors.append(f"{kind}: {type(error).__name__} {error}")
        found.times.append((kind, time.monotonic() - due))

    with ThreadPoolExecutor(2 * len(visitors)) as pool:
        for count in range(int(seconds * rate)):
            due = started + count / rate
            time.sleep(max(0.0, due - time.monotonic()))
            pool.submit(act, count % len(visitors), due)


Doing = tuple[str, Callable[[], list[str]]]


def _doings(visitor: Visitor, address: str, number: int) -> Iterator[Doing]:
    """Yield what one visitor does, for ever: its kind, and what does it and returns the errors."""
    questions, others = cycle(QUESTIONS), cycle(OTHERS)
    for _ in range(number):  # so that not all do the same
        next(questions), next(others)
    yield "open a page", lambda: visitor.open().errors
    while True:
        for _ in range(3):
            yield "ask", lambda: _answered(visitor.ask(next(questions)))
        yield "metrics", lambda: _fetched(f"{address}/metrics")
        for _ in range(2):
            yield "open a page", lambda: visitor.open(next(others)).errors
        yield "open a page", lambda: visitor.open("Ask").errors
        yield "new conversation", lambda: visitor.press("new_chat").errors


def _answered(run: PageRun) -> list[str]:
    shown = "".join(run.html)
    return run.errors + ([] if ANSWER in shown else [f"no answer among {shown[-500:]!r}"])


def _fetched(address: str) -> list[str]:
    with urllib.request.urlopen(address, timeout=30) as response:
        return [] if response.read() else [f"{address} is empty"]


def _watch(pid: int, done: threading.Event, found: Soak) -> None:
    started = time.monotonic()
    while not done.wait(0.5):
        found.memory.append((time.monotonic() - started, sum(map(_megabytes, _family(pid)))))


def _family(pid: int) -> Iterator[int]:
    """Yield a process and those that it started, and so on."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            ids = children.read_text().split()
        except OSError:  # it has ended
            continue
        for child in map(int, ids):
            yield from _family(child)


def _megabytes(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss_Anon:")) / 1024


def _report(
    found: Soak, options: argparse.Namespace, early: float, late: float, before: float
) -> str:
    rows = [
        (kind, str(len(times)), f"{statistics.median(times):.0f}", f"{percentile(times, 0.95):.0f}")
        for kind in dict.fromkeys(kind for kind, _ in found.times)
        if (times := found.of(kind))
    ]
    parts = [
        f"{about_the_run()}; load of the machine before {before:.1f}, "
        f"at the end {os.getloadavg()[0]:.1f}",
        f"{options.pages} pages, {options.rate:g} requests a second for {options.seconds:g} "
        f"seconds: {len(found.errors)} errors. Memory of the server and its processes "
        f"{early:.0f} MB after the warm-up, {late:.0f} MB at the end "
        f"({100 * (late / early - 1):+.1f} %).",
        table(("what", "times", "p50 ms", "p95 ms"), rows),
    ]
    return "\n\n".join([*parts, *found.errors[:20]])


if __name__ == "__main__":
    main()
