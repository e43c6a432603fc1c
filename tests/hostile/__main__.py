"""The long version: ``python -m tests.hostile [--size N] [--mutants N] [--corpus FOLDER]``.

Adds every hostile file, or every file of a folder, to a library with the real encoder while a
visitor asks; prints what became of each and how the visitor's times compare with an idle library
and with one that indexes the sample documents.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

from rag.settings import Settings
from ranklens.library import Library
from serve import process
from tests.hostile.generators import GENERATORS, SAMPLES, mutants
from tests.hostile.harness import Result, Visitor, add, limited, p95, prepare

GROUP = 20  # hostile files between two turns of sample documents
LONGER = 1.2  # times, at most, that others may wait


def main() -> int:
    """Return 1 if a file broke a limit, a visitor's answer was wrong, or others had to wait."""
    arguments = _arguments()
    files = _corpus(arguments.corpus) if arguments.corpus else _made(arguments)
    with tempfile.TemporaryDirectory(prefix="ranklens-hostile-") as folder:
        settings = limited(Settings(library=Path(folder) / "library"))
        with Library.open(settings) as library:
            prepare(library, Path(folder))
            return _run(library, Path(folder), files)


def _run(library: Library, folder: Path, files: Iterator[tuple[str, bytes]]) -> int:
    """Index sample documents and hostile files by turns: both meet the same load of the machine."""
    process.prepare()
    visitor = Visitor(library)
    visitor.ask_for(2)
    visitor.take()
    visitor.ask_for(10)
    idle, harmless, hostile, results = p95(visitor.take()), [], [], []
    for turn in count():
        with visitor:
            list(add(library, folder, _samples(turn)))
        harmless += visitor.take()
        with visitor:
            done = list(add(library, folder, islice(files, GROUP)))
        hostile += visitor.take()
        print("\n".join(map(_line, done)), flush=True)
        results += done
        if len(done) < GROUP:
            return _summary(results, visitor, (idle, p95(harmless), p95(hostile)), library)
    raise AssertionError  # `count` has no end


def _samples(turn: int) -> Iterator[tuple[str, bytes]]:
    """Yield the sample documents, under names and with bytes that are new in every turn."""
    for path in sorted(SAMPLES.iterdir()):
        yield f"{turn}-{path.name}", path.read_bytes() + b"\n" * (turn + 1)


def _summary(
    results: list[Result], visitor: Visitor, times: tuple[float, ...], library: Library
) -> int:
    idle, harmless, hostile = times
    problems = [result for result in results if result.problem]
    read = sum(result.outcome.status in ("added", "replaced") for result in results)
    slowest = max(results, key=lambda result: result.seconds)
    report = library.verify()
    # The graph misses passages beside thousands that are nearly equal; `FirstStage` looks for that.
    damage = [problem for problem in report.problems if "nearest" not in problem]
    print(
        f"{len(results)} files: {read} read, {len(results) - read} refused or unchanged; "
        f"slowest {slowest.name} {slowest.seconds:.1f} s; {len(problems)} problems\n"
        f"p95 of a search: idle {idle * 1e3:.0f} ms, while sample documents are indexed "
        f"{harmless * 1e3:.0f} ms, while hostile ones are {hostile * 1e3:.0f} ms; "
        f"{len(visitor.wrong)} wrong answers; verify: {', '.join(damage) or 'clean'}, "
        f"Chroma finds {report.recall:.0%} of the nearest"
    )
    for result in problems:
        print(f"PROBLEM {result.name}: {result.problem}")
    waited = hostile > LONGER * harmless
    if waited:
        print(f"PROBLEM others waited more than {LONGER} times as long")
    return int(bool(problems or visitor.wrong or damage or waited))


def _line(result: Result) -> str:
    outcome = result.outcome
    words = "; ".join(filter(None, (outcome.reason, *outcome.warnings)))
    return f"{result.seconds:6.1f} s  {outcome.status:9}  {result.name}  {words[:160]}"


def _made(arguments: argparse.Namespace) -> Iterator[tuple[str, bytes]]:
    for kind, generate in GENERATORS.items():
        if kind != "mutants":
            yield from ((f"{kind}/{name}", data) for name, data in generate(arguments.size))
    yield from mutants(arguments.mutants, arguments.seed)


def _corpus(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=10, help="how large the made files are")
    parser.add_argument("--mutants", type=int, default=10, help="how many mutated files, times 40")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path, help="a folder of files to add instead")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
