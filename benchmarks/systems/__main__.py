"""Serve one system: a command a line on standard input, its result a line on standard output.

``python -m benchmarks.systems NAME FOLDER ENCODER CROSS_ENCODER``. A command is a JSON list: a
method's name and its arguments; the answer holds the result, the seconds it took, the seconds of
processor time, and the largest resident memory of the process so far.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any


def main() -> None:
    """Load the system and answer commands until standard input ends."""
    name, *folders = sys.argv[1:]
    replies = sys.stdout
    # What libraries print must not get between the replies.
    with contextlib.redirect_stdout(sys.stderr):
        started = time.perf_counter()
        module = importlib.import_module(f"benchmarks.systems.{name}")
        system = module.System(*map(Path, folders))
        _reply(replies, None, time.perf_counter() - started, 0.0)
        for line in sys.stdin:
            method, *arguments = json.loads(line)
            started, busy = time.perf_counter(), time.process_time()
            result = getattr(system, method)(*arguments)
            _reply(replies, result, time.perf_counter() - started, time.process_time() - busy)


def _reply(replies: Any, result: Any, seconds: float, processor: float) -> None:
    answer = {"result": result, "seconds": seconds, "processor": processor, "peak_mb": _peak_mb()}
    print(json.dumps(answer), file=replies, flush=True)


def _peak_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    main()
