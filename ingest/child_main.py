"""The process that parses documents and draws pages; started by `ingest.child.Child`.

Every line of its input is a request (JSON), every line of its output an answer (JSON); it ends
with its input. What anybody may have written is read here, partly in C++, so never in the process
of the app. Imports nothing heavy before the memory limit holds.
"""

from __future__ import annotations

import base64
import io
import json
import math
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

from rag.errors import DocumentError

try:
    import resource
except ImportError:  # not on Windows; the time limit still holds there
    resource = None  # type: ignore[assignment]

MOST_PIXELS = 6_000_000


def main() -> None:
    """Answer requests until there are no more, each within the memory that it allows."""
    answers = _own_output()
    for line in sys.stdin.buffer:
        request = json.loads(line)
        _limit_memory(int(request["memory_mb"]))
        answers.write(json.dumps(_answer(request)).encode() + b"\n")
        answers.flush()


def _own_output() -> BinaryIO:
    """Return the real output, and send anything that a library prints to nowhere."""
    sys.stdout.flush()
    mine = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    return mine


def _limit_memory(megabytes: int) -> None:
    """Let this process have no more memory than that, if the system can enforce it."""
    if resource is not None and hasattr(resource, "RLIMIT_AS"):
        size = megabytes << 20
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        size = size if hard == resource.RLIM_INFINITY else min(size, hard)
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    draws = "page" in request
    try:
        return _drawn(**request) if draws else _parsed(**request)
    except DocumentError as error:
        return {"reason": str(error)}
    except MemoryError:
        return {"memory": True}
    except Exception as error:  # noqa: BLE001 - the boundary: any reader's failure is data
        what = "the page cannot be drawn" if draws else "it cannot be read"
        return {"reason": f"{what} ({type(error).__name__}: {error})"}


def _parsed(path: str, name: str, password: str, **_: Any) -> dict[str, Any]:
    from ingest.loaders import read  # within the memory limit

    media_type, loaded = read(Path(path), password, name)
    pages = [
        [p.number, [[b.text, b.kind, b.level, b.words] for b in p.blocks]] for p in loaded.pages
    ]
    return {"media_type": media_type, "pages": pages, "warnings": loaded.warnings}


def _drawn(path: str, page: int, scale: float, password: str, **_: Any) -> dict[str, Any]:
    """Return page ``page`` (from 1) at ``scale`` pixels a point as a WebP in base64."""
    import pypdfium2

    try:
        drawn = pypdfium2.PdfDocument(path, password=password or None)[page - 1]
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            return {"locked": True}
        raise
    width, height = drawn.get_size()
    scale = min(scale, math.sqrt(MOST_PIXELS / max(width * height, 1.0)))
    picture = drawn.render(scale=scale).to_pil().convert("RGB")
    image = io.BytesIO()
    picture.save(image, "WEBP", quality=80, method=2)
    encoded = base64.b64encode(image.getvalue()).decode()
    return {"width": picture.width, "height": picture.height, "image": encoded}


if __name__ == "__main__":
    main()
