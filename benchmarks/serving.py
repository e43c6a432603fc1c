"""Rerank and embedding requests of 1, 4, 16 and 64 callers at once: Ranklens beside other servers.

``python -m benchmarks.serving`` starts `ranklens serve` (float32 and int8), sentence-transformers
behind FastAPI (`benchmarks.systems.served`) and, with ``--infinity PYTHON``, infinity-emb from an
environment of its own (``pip install 'infinity-emb[server,torch]'``). They take turns on the same
requests with the same weights: one question with 10 texts of about 150 tokens for the six-layer
MiniLM shape with a random head, and the vector of one question. Every text is asked once, and
Ranklens keeps no scores.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks._report import about_the_run, percentile, table, write
from benchmarks._texts import made_texts, texts_and_questions
from benchmarks.engines import random_head
from rag.models.hub import embedded_folder

CALLERS = (1, 4, 16, 64)
TEXTS = 10
PATIENCE = 120.0  # seconds
PAUSE = 0.5  # seconds; threads of the server before still wait for work, turning round
Body = dict[str, Any]
Command = Callable[[int, Path, Path], list[str]]


@dataclass(frozen=True, slots=True)
class Served:
    """A server: how it is started on a port with encoder and cross-encoder, and its paths."""

    name: str
    command: Command
    health: str = "/health"
    prefix: str = ""
    environment: Mapping[str, str] | None = None


def ranklens(engine: str, work: Path, cross: Path) -> Served:
    """Return Ranklens on an engine."""
    return Served(
        f"Ranklens, {engine}",
        lambda port, _encoder, _cross: [
            sys.executable, "-m", "ui.cli", "serve", "--port", str(port),
            "--library", str(work / f"library-{engine}"),
        ],
        "/api/health",
        "/api/v1",
        {
            "RANKLENS_ENGINE": engine,
            "RANKLENS_CROSS_ENCODER": str(cross),
            "RANKLENS_CACHE": str(work / "cache"),
            "RANKLENS_RERANK_CACHE_MB": "0",
        },
    )  # fmt: skip


PLAIN = Served(
    "sentence-transformers, FastAPI",
    lambda port, encoder, cross: [
        sys.executable, "-m", "benchmarks.systems.served", str(port), str(encoder), str(cross),
    ],
    "/openapi.json",
)  # fmt: skip


def infinity(python: Path) -> Served:
    """Return infinity-emb of another environment."""
    return Served(
        "infinity-emb, torch",
        lambda port, encoder, cross: [
            str(python.parent / "infinity_emb"), "v2", "--model-id", str(cross),
            "--served-model-name", "cross-encoder", "--model-id", str(encoder),
            "--served-model-name", "ranklens", "--engine", "torch", "--device", "cpu",
            "--host", "127.0.0.1", "--port", str(port), "--log-level", "error",
        ],
    )  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--callers", type=int, nargs="+", default=CALLERS)
    parser.add_argument("--least", type=int, default=24, help="requests of a cell, at least")
    parser.add_argument("--infinity", type=Path, help="python of an environment with infinity-emb")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        work = Path(folder)
        cross = random_head(work / "cross")
        systems = [ranklens(engine, work, cross) for engine in ("int8", "float32")]
        systems += [PLAIN, *([infinity(options.infinity)] if options.infinity else [])]
        ports = [stack.enter_context(serving(one, cross, work)) for one in systems]
        parts = [
            part(what, bodies, systems, ports, options.callers, options.least)
            for what, bodies in (("rerank", rerank_bodies()), ("embeddings", embed_bodies()))
        ]
    text = "\n\n".join([about_the_run(), *parts])
    print(text)
    if options.write:
        write("serving", text)


def rerank_bodies() -> Iterator[Body]:
    """Yield requests whose texts are all different."""
    texts, questions = texts_and_questions(8000, 50)
    for start in itertools.count(0, TEXTS):
        documents = [texts[(start + i) % len(texts)] for i in range(TEXTS)]
        question = f"{questions[start % len(questions)]} {start}"
        yield {"model": "cross-encoder", "query": question, "documents": documents}


def embed_bodies() -> Iterator[Body]:
    """Yield one question each."""
    questions = made_texts(5000, words=9)
    for number in itertools.count():
        yield {"model": "ranklens", "input": [f"{questions[number % len(questions)]} {number}"]}


@contextmanager
def serving(system: Served, cross: Path, work: Path) -> Iterator[int]:
    """Start a server, wait until it has answered once, and yield its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ, "HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1", "TOKENIZERS_PARALLELISM": "false",
        **(system.environment or {}),
    }  # fmt: skip
    with (work / f"{port}.log").open("wb") as log:
        command = system.command(port, embedded_folder(), cross)
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            wait(port, system.health, process)
            yield port
        finally:
            process.kill()
            process.wait(PATIENCE)


def wait(port: int, path: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until a server answers; raises `RuntimeError`."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"no server on port {port} (exit code {process.poll()})")


def part(
    what: str,
    bodies: Iterator[Body],
    systems: Sequence[Served],
    ports: Sequence[int],
    callers: Sequence[int],
    least: int,
) -> str:
    """Return the table of one kind of request."""
    rows = []
    path = {"rerank": "/rerank", "embeddings": "/embeddings"}[what]
    places = [(one.name, port, one.prefix + path) for one, port in zip(systems, ports, strict=True)]
    for _, port, url in places:  # models are loaded, threads are there
        calls(port, url, [next(bodies) for _ in range(4)], 2)
    for count in callers:
        number = max(least, 2 * count) if what == "rerank" else max(10 * least, 8 * count)
        asked = [next(bodies) for _ in range(number)]
        for name, port, url in places:
            time.sleep(PAUSE)
            rows.append((what, str(count), name, *calls(port, url, asked, count)))
            print(*rows[-1], sep="  ", file=sys.stderr, flush=True)
    return table(("request", "callers", "server", "a second", "p50 ms", "p95 ms", "failed"), rows)


def calls(port: int, path: str, bodies: Sequence[Body], callers: int) -> tuple[str, ...]:
    """Send requests from so many callers; return the rate, the waiting times and the failures."""
    lent: list[http.client.HTTPConnection] = []

    def ask(body: Body) -> tuple[float, int]:
        connection = lent.pop() if lent else _connection(port)
        data = json.dumps(body)
        start = time.perf_counter()
        try:
            connection.request("POST", path, data, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            reply.read()
        except OSError:  # too late, or hung up on
            return 0.0, 0
        lent.append(connection)
        return 1000 * (time.perf_counter() - start), reply.status

    start = time.perf_counter()
    with ThreadPoolExecutor(callers) as pool:
        replies = list(pool.map(ask, bodies))
    seconds = time.perf_counter() - start
    waits = [wait for wait, status in replies if status == 200]
    failed = len(replies) - len(waits)
    if not waits:
        raise RuntimeError(f"{path} on port {port}: status {replies[0][1]}")
    middle, late = statistics.median(waits), percentile(waits, 0.95)
    return f"{len(waits) / seconds:.1f}", f"{middle:.0f}", f"{late:.0f}", str(failed)


def _connection(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)


if __name__ == "__main__":
    main()
