"""Parse one document in a process of its own, with a time limit and a memory limit.

A parser that hangs, crashes or eats memory fails its document and nothing else.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.loaders.base import Block, Kind, Page
from rag.errors import DocumentError
from rag.settings import Settings

CHILD = (sys.executable, "-m", "ingest.parse_child")
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class BlockSpan:
    """A block's place: the characters ``start:end`` of the text, what it is, and its page."""

    start: int
    end: int
    kind: Kind
    level: int
    page: int | None


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document as text. Every block is ``text[span.start:span.end]``.

    ``pages`` counts the pages (slides, sheets), None where the format has none.
    """

    media_type: str
    pages: int | None
    text: str
    spans: tuple[BlockSpan, ...]


def parse(path: Path, settings: Settings, password: str = "", name: str = "") -> Parsed:
    """Return the document's text and structure; ``name`` is its original name, for the suffix.

    Raises `DocumentError` with the reason in plain words.
    """
    _check_size(path, settings.max_file_mb)
    request = {
        "path": str(path.absolute()),
        "name": name or path.name,
        "password": password,
        "memory_mb": settings.parse_memory_mb,
    }
    answer = answer_of(run_child(json.dumps(request).encode(), settings.parse_seconds), settings)
    return assemble(answer["media_type"], [_page(*page) for page in answer["pages"]])


def assemble(media_type: str, pages: Sequence[Page]) -> Parsed:
    """Join pages to one text: a blank line between blocks, a line break between rows."""
    parts: list[str] = []
    spans: list[BlockSpan] = []
    position = 0
    numbered_blocks = [(page.number, block) for page in pages for block in page.blocks]
    for number, block in numbered_blocks:
        if spans:
            last = spans[-1]
            together = last.kind == block.kind == "row" and last.page == number
            parts.append("\n" if together else "\n\n")
            position += len(parts[-1])
        spans.append(
            BlockSpan(position, position + len(block.text), block.kind, block.level, number)
        )
        parts.append(block.text)
        position += len(block.text)
    numbered = sum(page.number is not None for page in pages)
    return Parsed(media_type, numbered or None, "".join(parts), tuple(spans))


def run_child(request: bytes, seconds: float, command: Sequence[str] = CHILD) -> bytes:
    """Run the parser's process and return what it wrote; raises `DocumentError` if it fails."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(request, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise DocumentError(
            f"reading it took longer than {seconds:g} seconds and was stopped; split the document "
            "or raise the setting parse_seconds"
        ) from None
    finally:
        _stop(process)
    if process.returncode:
        raise DocumentError(_death(process.returncode))
    return output


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the process and whatever it started, and collect it."""
    if process.poll() is None:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.communicate()


def _death(code: int) -> str:
    if code == -signal.SIGKILL:
        return "its parser was killed, probably for want of memory; close other programs and retry"
    how = f"crashed ({signal.Signals(-code).name})" if code < 0 else f"stopped (exit code {code})"
    return f"its parser {how}; the file is probably damaged: save it again in its program"


def answer_of(output: bytes, settings: Settings) -> dict[str, Any]:
    """Return what a child process answered; raises `DocumentError` where that is a reason."""
    try:
        answer: dict[str, Any] = json.loads(output)
    except ValueError:
        raise DocumentError("its parser stopped before it was done; try again") from None
    if "memory" in answer:
        raise DocumentError(
            f"reading it needs more than {settings.parse_memory_mb:,} MB; split the document or "
            "raise the setting parse_memory_mb"
        )
    if "reason" in answer:
        raise DocumentError(answer["reason"])
    return answer


def _page(number: int | None, blocks: Iterable[tuple[str, Kind, int]]) -> Page:
    return Page(number, tuple(Block(_sound(text), kind, level) for text, kind, level in blocks))


def _sound(text: str) -> str:
    """Replace lone surrogates, which some files decode to and no database takes."""
    return text.encode("utf-8", "replace").decode() if not text.isascii() else text


def _check_size(path: Path, most: int) -> None:
    try:
        size = path.stat().st_size if path.is_file() else 0
    except OSError as error:
        raise DocumentError(f"it cannot be read: {error.strerror or error}") from None
    if size > most * 1_000_000:
        raise DocumentError(
            f"it is {size / 1e6:,.0f} MB, more than the {most:,} MB that are accepted; split it "
            "or raise the setting max_file_mb"
        )
