"""Ranklens beside LangChain, LlamaIndex, Haystack and plain sentence-transformers, in one run.

``python -m benchmarks.peers`` runs every system in a process of its own and lets them work in turn,
one command at a time, on the same texts with the same weights: a busy machine slows all alike, so
judge the ratios. `make bench` makes the peers' environment (``.venv-peers``); if it is missing
only Ranklens and sentence-transformers are measured. ``--write`` puts the tables into
``docs/performance.md``. ``--beside FOLDER`` measures another checkout of Ranklens too, with the
environment that its own `make run` made: what a change cost or saved.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks._report import about_the_run, percentile, table, write
from benchmarks._texts import texts_and_questions
from benchmarks.engines import random_head

PEERS = ("langchain", "llamaindex", "haystack")
OURS = ("ranklens", "sentence_transformers")
PEERS_PYTHON = Path(".venv-peers/bin/python")
RERANKED = 50
PAUSE = 0.05  # seconds; threads of the system before still wait for work, turning round


class Running:
    """A system in its process; `ask` sends a command and waits for the answer."""

    def __init__(self, name: str, work: Path, models: Sequence[Path]) -> None:
        self.name = name
        checkout = Path(name) if name not in (*OURS, *PEERS) else None
        shown = "beside" if checkout else name
        self.folder = work / f"{shown}-{len(os.listdir(work))}"
        self.folder.mkdir()
        self.log = (work / f"{self.folder.name}.log").open("w")
        python = str(PEERS_PYTHON) if name in PEERS else sys.executable
        if checkout:
            python = str(checkout / ".venv/bin/python")
        system = "ranklens" if checkout else name
        self.process = subprocess.Popen(
            [python, "-m", "benchmarks.systems", system, self.folder, *models],
            cwd=checkout,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "ANONYMIZED_TELEMETRY": "False"},
        )
        self.started = self._answer()

    def ask(self, method: str, *arguments: Any) -> dict[str, Any]:
        """Run a method of the system; raises `RuntimeError` if its process has died."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps([method, *arguments]) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            self.log.close()
            tail = Path(self.log.name).read_text()[-2000:]
            raise RuntimeError(f"{self.name} ended; the last lines it wrote:\n{tail}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def size_mb(self) -> float:
        """Return what its folder takes on disk."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return sum(path.stat().st_blocks * 512 for path in files) / 2**20

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.log.close()


@contextmanager
def running(names: Sequence[str], work: Path, models: Sequence[Path]) -> Iterator[list[Running]]:
    """Start systems, leaving out those that cannot start."""
    systems = []
    for name in names:
        try:
            systems.append(Running(name, work, models))
        except RuntimeError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
    try:
        yield systems
    finally:
        for system in systems:
            system.close()


def main() -> None:
    """Measure what the command line asks for and print it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--texts", type=int, default=1000, help="texts that are encoded")
    parser.add_argument("--questions", type=int, default=30)
    parser.add_argument("--reranks", type=int, default=8, help="questions that are reranked")
    parser.add_argument("--sizes", type=int, nargs="*", default=[1_500, 10_000, 100_000])
    parser.add_argument("--largest", type=int, default=100_000, help="largest size for peers")
    parser.add_argument("--only", nargs="*", default=[*OURS, *PEERS])
    parser.add_argument("--beside", metavar="FOLDER", help="another checkout of Ranklens")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    options = parser.parse_args()
    names = [n for n in options.only if n in OURS or PEERS_PYTHON.is_file()]
    if options.beside:
        names.append(str(Path(options.beside).resolve()))
    with tempfile.TemporaryDirectory(prefix="ranklens-bench-") as temporary:
        work = Path(temporary)
        models = (encoder_folder(), random_head(work / "cross"))
        encoded = [about_the_run(), whole_way(names, work, models, options)]
        print("\n\n".join(encoded))
        sizes = [about_the_run()]
        for size in options.sizes:
            kept = [n for n in names if size <= options.largest or n == "ranklens"]
            sizes.append(retrieval(kept, work, models, size, options.questions))
            print("\n" + sizes[-1])
    if options.write:
        write("peers", "\n\n".join(encoded))
    if options.write and options.sizes:
        write("sizes", "\n\n".join(sizes))


def encoder_folder() -> Path:
    """Return the embedded model's folder; every system gets the same files."""
    from rag.models.hub import embedded_folder

    return embedded_folder()


def whole_way(
    names: Sequence[str], work: Path, models: Sequence[Path], options: argparse.Namespace
) -> str:
    """Measure ingest, retrieval and reranking with the real encoder."""
    texts, questions = texts_and_questions(options.texts, options.questions)
    rows = []
    with running(names, work, models) as systems:
        figures: dict[str, dict[str, Any]] = {
            s.name: {"load": s.started["seconds"]} for s in systems
        }
        for system in systems:
            system.ask("warm", texts[:20])
            figures[system.name]["ingest"] = system.ask("ingest", texts)
        for method, asked in (
            ("search", questions),
            ("rerank", questions[: options.reranks]),
            ("rerank_late", questions),
            ("rerank_late_encoding", questions[: options.reranks]),
            ("first_token", questions),
        ):
            _in_turn(systems, figures, method, asked)
        for system in systems:
            figures[system.name]["peak"] = system.ask("about")["peak_mb"]
            figures[system.name]["disk"] = system.size_mb()
            figures[system.name]["about"] = system.ask("about")["result"]
    for name, of_one in figures.items():
        rows.append(
            (
                name,
                f"{len(texts) / of_one['ingest']['seconds']:.1f}",
                *(_shown(of_one.get(m)) for m in METHODS),
                f"{of_one['peak']:.0f}",
                f"{of_one['disk']:.1f}",
                f"{of_one['load']:.1f}",
            )
        )
    head = f"{len(texts)} texts of about 150 tokens, encoded by each system"
    columns = ("system", "chunks/s", *METHODS.values(), "peak MB", "disk MB", "load s")
    versions = "; ".join(f"{name}: {of_one['about']}" for name, of_one in figures.items())
    return f"### {head}\n\n{table(columns, rows)}\n\n{_ratios(figures)}\n\n{versions}"


METHODS = {
    "search": "hybrid retrieval ms",
    "rerank": "rerank 50, cross-encoder ms",
    "rerank_late": "rerank 50, late interaction, kept ms",
    "rerank_late_encoding": "rerank 50, late interaction, encoding ms",
    "first_token": "first token ms",
}


def _in_turn(
    systems: Sequence[Running],
    figures: dict[str, dict[str, Any]],
    method: str,
    questions: Sequence[str],
) -> None:
    """Let every system that can do it answer each question, one system after the other."""
    able = [s for s in systems if method in _can(s.name)]
    for number, question in enumerate(questions):
        rows = [(number * 7 + i) % 200 for i in range(RERANKED)]
        arguments = [rows] if method.startswith("rerank") else []
        for system in able if number % 2 else reversed(able):  # who comes first finds cold caches
            if number == 0:
                system.ask(method, question, *arguments)  # loads what is loaded on first use
            time.sleep(PAUSE if len(able) > 1 else 0)
            seconds = system.ask(method, question, *arguments)["seconds"]
            figures[system.name].setdefault(method, []).append(1000 * seconds)


def _can(name: str) -> Sequence[str]:
    if name == "sentence_transformers":
        return ("rerank",)
    return ("search", "rerank") if name in PEERS else tuple(METHODS)


def retrieval(
    names: Sequence[str], work: Path, models: Sequence[Path], size: int, questions: int
) -> str:
    """Measure hybrid retrieval over texts with random vectors."""
    texts, asked = texts_and_questions(size, questions)
    rows = []
    with running([n for n in names if n != "sentence_transformers"], work, models) as systems:
        figures: dict[str, dict[str, Any]] = {system.name: {} for system in systems}
        for system in systems:
            figures[system.name]["fill"] = system.ask("fill", texts, 0)["seconds"]
        _in_turn(systems, figures, "search", asked)
        for system in systems:
            of_one = figures[system.name]
            own: dict[str, dict[str, Any]] = {system.name: {}}
            _in_turn([system], own, "search", asked)
            shown = (_shown(of_one["search"]), _shown(own[system.name]["search"]))
            sizes = (f"{system.ask('about')['peak_mb']:.0f}", f"{system.size_mb():.0f}")
            rows.append((system.name, f"{of_one['fill']:.0f}", *shown, *sizes))
            shutil.rmtree(system.folder, ignore_errors=True)
    head = f"{size:,} texts with random vectors: retrieval only"
    return f"### {head}\n\n" + table(
        ("system", "fill s", "in turn with the others, ms", "alone, ms", "peak MB", "disk MB"), rows
    )


def _shown(milliseconds: list[float] | None) -> str:
    if not milliseconds:
        return "-"
    middle, high = statistics.median(milliseconds), percentile(milliseconds, 0.95)
    return f"{middle:.0f} (p95 {high:.0f})" if middle >= 10 else f"{middle:.1f} (p95 {high:.1f})"


def _ratios(figures: dict[str, dict[str, Any]]) -> str:
    ours, lines = figures.get("ranklens"), []
    for name, theirs in figures.items():
        if ours is None or theirs is ours:
            continue
        said = [f"ingest {theirs['ingest']['seconds'] / ours['ingest']['seconds']:.2f}"]
        for method in METHODS:
            if method in theirs and method in ours:
                pairs = zip(theirs[method], ours[method], strict=True)
                said.append(f"{method} {statistics.median(a / b for a, b in pairs):.2f}")
        said.append(f"memory {theirs['peak'] / ours['peak']:.2f}")
        lines.append(f"- Ranklens against {name}, times as good: {', '.join(said)}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
