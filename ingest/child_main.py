"""The process that parses and cuts documents and draws pages; started by `ingest.child.Child`.

It answers one message after the other and ends with its input. What anybody may have written is
read here, partly in C++, so never in the process of the app. Imports nothing heavy before the
limits hold.
"""

from __future__ import annotations

import ctypes
import json
import math
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ingest.messages import Packet, receive, send
from rag.errors import DocumentError
from rag.models.workers import BEHIND, step_back

if TYPE_CHECKING:
    from PIL import Image

    from ingest.parsed import Parsed

try:
    import resource
except ImportError:  # not on Windows; the time limit still holds there
    resource = None  # type: ignore[assignment]

MOST_PIXELS = 6_000_000
MOST_PICTURES = 10_000  # that are asked for at once
LONGEST_REASON = 2_000  # characters
MOST_WARNINGS = 100
PR_SET_PDEATHSIG = 1
Answer = tuple[dict[str, Any], Sequence[bytes]]


def main() -> None:
    """Answer requests until there are no more, each within the limits that it names."""
    _end_with(int(sys.argv[1]))
    answers = _own_output()
    while request := receive(sys.stdin.buffer, sys.maxsize):
        _limit(request.header.pop("memory_mb"), request.header.pop("seconds"))
        send(answers, *_answer(request))


def _end_with(parent: int) -> None:
    """Have the system end this process when its parent ends, however that happens."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before it was asked for
            sys.exit()


def _own_output() -> IO[bytes]:
    """Return the real output, and send anything that a library prints to nowhere."""
    sys.stdout.flush()
    mine = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    return mine


def _limit(megabytes: int, seconds: float) -> None:
    """Allow this process so much memory, and so much processor time more, if the system can."""
    if resource is None:
        return
    _lower(resource.RLIMIT_CORE, 0)
    if hasattr(resource, "RLIMIT_AS"):
        _lower(resource.RLIMIT_AS, megabytes << 20)
    used = resource.getrusage(resource.RUSAGE_SELF)
    # The next request has processor time of its own, so what this one has is no hard limit.
    _lower(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime + seconds) + 1, hard=False)


def _lower(what: int, size: int, hard: bool = True) -> None:
    most = resource.getrlimit(what)[1]
    size = size if most == resource.RLIM_INFINITY else min(size, most)
    resource.setrlimit(what, (size, size if hard else most))


def _answer(request: Packet) -> Answer:
    task = request.header.pop("task")
    if task != "draw":  # somebody waits for a picture; documents are read in the background
        step_back(BEHIND)
    try:
        return TASKS[task](request.parts, **request.header)
    except DocumentError as error:
        return _refusal(str(error))
    except MemoryError:
        return {"memory": True}, ()
    except Exception:  # noqa: BLE001 - the boundary: any reader's failure is data
        what = "the page cannot be drawn" if task == "draw" else "it cannot be read"
        return _refusal(f"{what}; the file is probably damaged: save it again in its program")


def _refusal(reason: str) -> Answer:
    return {"reason": reason[:LONGEST_REASON]}, ()


def _parse(
    parts: Sequence[bytes],
    path: str,
    password: str,
    characters: int,
    hidden_sheets: bool,
    within: float,
    **how: Any,
) -> Answer:
    """Return a file's text, the places of its blocks and of its words, its chunks, files in it.

    ``parts`` holds what is known of its pictures. If others are to be read first, return these.
    """
    from ingest.loaders import LoadOptions, read  # within the memory limit
    from ingest.loaders.pictures import Pictures
    from ingest.parsed import assemble, spans_to_json

    pictures = Pictures.from_json(parts[0]) if parts else Pictures()
    options = LoadOptions(password, within, hidden_sheets, pictures)
    media_type, loaded = read(Path(path), options, how["name"])
    if pictures.waits:
        return {"pictures": pictures.asked[:MOST_PICTURES]}, ()
    parsed = assemble(media_type, loaded.pages, loaded.warnings[:MOST_WARNINGS], characters)
    attached = loaded.attached
    del loaded
    chunks = _cut(parsed, **how)
    spans = spans_to_json(parsed.spans).encode()
    header = {
        "media_type": media_type,
        "pages": parsed.pages,
        "warnings": [warning[:LONGEST_REASON] for warning in parsed.warnings],
        "ocr": [sum(t.letters > 0 for t in pictures.texts.values()), pictures.confidence],
        "attached": [name for name, _ in attached],
    }
    files = (data for _, data in attached)
    return header, (parsed.text.encode(), spans, parsed.boxes, chunks, *files)


def _recognise(_parts: Sequence[bytes], path: str, name: str, key: str, password: str) -> Answer:
    """Return the text of one picture of a file, as JSON."""
    from ingest.loaders import LoadOptions, picture
    from ingest.recognise import recognise

    text = recognise(picture(Path(path), key, LoadOptions(password), name))
    return {}, (text.to_json().encode(),)


def _cut_again(parts: Sequence[bytes], names: Sequence[Sequence[str]], **how: Any) -> Answer:
    """Return the chunks of documents that come as text and places of blocks, by turns."""
    from ingest.parsed import Parsed, spans_from_json

    cut = []
    for (name, digest), text, spans in zip(names, parts[::2], parts[1::2], strict=True):
        parsed = Parsed("", None, text.decode(), spans_from_json(spans))
        cut.append(_cut(parsed, name=name, digest=digest, **how))
    return {}, cut


def _cut(parsed: Parsed, *, name: str, digest: str, counter: str, **how: int) -> bytes:
    from ingest.chunk import chunk

    chunks = chunk(
        parsed, document=name, digest=digest, count_tokens=_count_tokens(Path(counter)), **how
    )
    return json.dumps([(c.id, c.start, c.end, c.page, c.heading) for c in chunks]).encode()


@cache
def _count_tokens(folder: Path) -> Callable[[Sequence[str]], list[int]]:
    from rag.models.tokens import token_counter

    return token_counter(folder)


def _table(_parts: Sequence[bytes], path: str, columns: Sequence[str], most: int) -> Answer:
    """Return the rows of a parquet file as lines of JSON."""
    from ingest.datasets.parquet import packed_lines

    return {}, (packed_lines(Path(path), columns, most),)


def _draw(_parts: Sequence[bytes], path: str, page: int, scale: float, password: str) -> Answer:
    """Return page ``page`` (from 1) as a WebP; of a PDF at ``scale`` pixels a point."""
    import pypdfium2

    if _is_picture(Path(path)):
        from ingest.loaders.picture_files import opened

        return _webp(opened(Path(path), page - 1))
    try:
        drawn = pypdfium2.PdfDocument(path, password=password or None)[page - 1]
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            return {"locked": True}, ()
        raise
    width, height = drawn.get_size()
    scale = min(scale, math.sqrt(MOST_PIXELS / max(width * height, 1.0)))
    return _webp(drawn.render(scale=scale).to_pil().convert("RGB"))


def _is_picture(path: Path) -> bool:
    from ingest.loaders import PICTURES
    from ingest.loaders.sniff import sniff

    with suppress(DocumentError):
        return sniff(path) in PICTURES
    return False


def _webp(picture: Image.Image) -> Answer:
    import io

    image = io.BytesIO()
    picture.save(image, "WEBP", quality=80, method=2)
    return {"width": picture.width, "height": picture.height}, (image.getvalue(),)


TASKS: dict[str, Callable[..., Answer]] = {
    "parse": _parse,
    "recognise": _recognise,
    "cut": _cut_again,
    "draw": _draw,
    "table": _table,
}

if __name__ == "__main__":
    main()
