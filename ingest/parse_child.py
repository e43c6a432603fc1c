"""The process in which one document is parsed; started by `ingest.parse`, ends with its answer.

Reads a request (JSON) from its input and writes an answer (JSON) to its output. Imports nothing
heavy: it starts once for every document.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

from rag.errors import DocumentError

try:
    import resource
except ImportError:  # not on Windows; the time limit still holds there
    resource = None  # type: ignore[assignment]


def main() -> None:
    """Answer one request."""
    answer_to = own_output()
    request = json.load(sys.stdin.buffer)
    limit_memory(int(request["memory_mb"]))
    answer_to.write(json.dumps(_answer(request)).encode())
    answer_to.close()


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
