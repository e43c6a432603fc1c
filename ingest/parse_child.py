"""The process in which documents are parsed; started by `ingest.parse`, ends with its input.

Every line of its input is a request (JSON), every line of its output an answer (JSON). Imports
nothing heavy before the memory limit holds.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from rag.errors import DocumentError

try:
    import resource
except ImportError:  # not on Windows; the time limit still holds there
    resource = None  # type: ignore[assignment]


def main() -> None:
    """Answer requests until there are no more."""
    serve(_answer)


def serve(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Answer each request within the memory that it allows."""
    answers = own_output()
    for line in sys.stdin.buffer:
        request = json.loads(line)
        limit_memory(int(request["memory_mb"]))
        answers.write(json.dumps(answer(request)).encode() + b"\n")
        answers.flush()


def own_output() -> BinaryIO:
    """Return the real output, and send whatever a library prints to nowhere."""
    sys.stdout.flush()
    mine = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    return mine


def limit_memory(megabytes: int) -> None:
    """Let this process have no more memory than that, where the system can hold it to it."""
    if resource is not None and hasattr(resource, "RLIMIT_AS"):
        size = megabytes << 20
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        size = size if hard == resource.RLIM_INFINITY else min(size, hard)
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        from ingest.loaders import read  # within the memory limit

        media_type, pages = read(Path(request["path"]), request["password"], request["name"])
    except DocumentError as error:
        return {"reason": str(error)}
    except MemoryError:
        return {"memory": True}
    except Exception as error:  # noqa: BLE001 - the boundary: any parser's failure is data
        return {"reason": f"it cannot be read ({type(error).__name__}: {error})"}
    blocks = [[p.number, [[b.text, b.kind, b.level] for b in p.blocks]] for p in pages]
    return {"media_type": media_type, "pages": blocks}


if __name__ == "__main__":
    main()
