"""How right the time left is that indexing shows, on a folder of documents.

    python -m benchmarks.remaining FOLDER

Adds the folder to a library of its own, notes every estimate while it is indexed, and compares each
with the time that it really took. What counts is the ratio of the two from 10 seconds on.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks._report import table
from ingest.progress import IndexingProgress
from rag.settings import Settings
from ranklens.adding import find
from ranklens.library import Library

EVERY = 5.0  # seconds


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ocr", action="store_true", help="read pictures too")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(library=Path(folder), ocr=given.ocr)
        with Library.open(settings) as library:
            for file in find([given.folder]):
                if not file.refused:
                    library.enqueue(file.path, file.name)
            shown, took = watched(library)
    rows = [(f"{at:.0f}", f"{left:.0f}", f"{took - at:.0f}", f"{left / (took - at):.2f}")
            for at, left in shown if took - at > 1]  # fmt: skip
    print(table(("after s", "s left, shown", "s left, really", "ratio"), rows))


def watched(library: Library) -> tuple[list[tuple[float, float]], float]:
    """Index what is queued; return (seconds, seconds left as shown) and how long it took."""
    shown: list[tuple[float, float]] = []
    began = time.perf_counter()

    def note(progress: IndexingProgress) -> None:
        at = time.perf_counter() - began
        due = not shown or at - shown[-1][0] >= EVERY
        if progress.seconds_left is not None and at >= EVERY and due:
            shown.append((at, progress.seconds_left))

    library.work(note)
    return shown, time.perf_counter() - began


if __name__ == "__main__":
    main()
