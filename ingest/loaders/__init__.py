"""Loaders: one small module a format, one line each in `LOADERS`.

A loader is ``load(path, password) -> list[Page]`` in its own module; to add a format, write that
function and add its line here.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path, PurePath
from typing import NamedTuple

from ingest.loaders.base import Block, Page
from ingest.loaders.sniff import sniff
from rag.errors import DocumentError

__all__ = ["LOADERS", "Block", "Format", "Page", "detect", "load", "read"]


class Format(NamedTuple):
    """A format: the module that loads it, and its media type."""

    module: str
    media_type: str


_OFFICE = "application/vnd.openxmlformats-officedocument."
LOADERS: dict[str, Format] = {
    ".pdf": Format("pdf", "application/pdf"),
    ".docx": Format("docx", _OFFICE + "wordprocessingml.document"),
    ".pptx": Format("pptx", _OFFICE + "presentationml.presentation"),
    ".xlsx": Format("xlsx", _OFFICE + "spreadsheetml.sheet"),
    ".html": Format("html", "text/html"),
    ".htm": Format("html", "text/html"),
    ".xhtml": Format("html", "application/xhtml+xml"),
    ".md": Format("markdown", "text/markdown"),
    ".markdown": Format("markdown", "text/markdown"),
    ".txt": Format("text", "text/plain"),
    ".text": Format("text", "text/plain"),
    ".log": Format("text", "text/plain"),
    ".rst": Format("text", "text/x-rst"),
    ".csv": Format("delimited", "text/csv"),
    ".tsv": Format("delimited", "text/tab-separated-values"),
    ".json": Format("json_text", "application/json"),
    ".jsonl": Format("json_lines", "application/jsonl"),
    ".ndjson": Format("json_lines", "application/jsonl"),
    ".epub": Format("epub", "application/epub+zip"),
    ".eml": Format("eml", "message/rfc822"),
}
BINARY = frozenset({".pdf", ".docx", ".pptx", ".xlsx", ".epub"})


def load(path: Path, password: str = "", name: str = "") -> list[Page]:
    """Return a document's pages; ``name`` is the original name where ``path`` has no suffix.

    Raises `DocumentError` with the reason in plain words.
    """
    return read(path, password, name)[1]


def read(path: Path, password: str = "", name: str = "") -> tuple[str, list[Page]]:
    """Return a document's media type and its pages; raises `DocumentError`."""
    form = detect(path, name)
    module = import_module(f"ingest.loaders.{form.module}")
    pages: list[Page] = module.load(path, password)
    if not any(page.blocks for page in pages):
        raise DocumentError("there is nothing to read in it, only white space or empty parts")
    return form.media_type, pages


def detect(path: Path, name: str = "") -> Format:
    """Tell a file's format from its content, and from its suffix where content does not tell.

    A file whose content is plainly another format than its suffix says is read as what it is; one
    that is none of ours, or text under the suffix of a binary format, raises `DocumentError`.
    """
    suffix = PurePath(name or path.name).suffix.lower()
    found = sniff(path)
    if found in BINARY or (found == ".html" and suffix in BINARY):
        return LOADERS[found]
    if found and found != ".html":
        raise DocumentError(f"its content is {found}, which is not supported; {_supported()}")
    if suffix not in LOADERS:
        raise DocumentError(f"files named {suffix or 'without a suffix'} are not supported; "
                            + _supported())  # fmt: skip
    if suffix in BINARY:
        raise DocumentError(
            f"it is named {suffix}, but its content is not: it is damaged, incomplete or "
            "something else; save it again or give it its right suffix"
        )
    return LOADERS[suffix]


def _supported() -> str:
    return "supported are " + ", ".join(LOADERS)
