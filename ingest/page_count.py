"""How many pages a PDF has, about, from its bytes, before anything of it is parsed.

Page objects stand in the file as they are, or packed in object streams (ISO 32000-1, 7.5.7). To
look for them is quick and safe for a file of anybody, and good enough to estimate a time.
"""

from __future__ import annotations

import re
import zlib
from pathlib import Path

from rag.text.regular import open_regular

_PDF = b"%PDF-"
_PAGE = re.compile(rb"/Type\s{0,9}/Page(?![A-Za-z])")
_OBJECTS = re.compile(rb"/Type\s{0,9}/ObjStm.{0,300}?stream\r?\n", re.DOTALL)
_PIECE = 8 << 20  # bytes that are read at once
_PACKED, _UNPACKED = 1 << 20, 4 << 20  # bytes of an object stream, at most
_MOST_UNPACKED = 64 << 20  # bytes that all of them are unpacked to, about


def count_pages(path: Path) -> int:
    """Return about how many pages a PDF has; 0 if none is found: encrypted, or another format."""
    pages, left = 0, _MOST_UNPACKED
    try:
        with open_regular(path) as file:
            if file.read(len(_PDF)) != _PDF:
                return 0
            while piece := file.read(_PIECE):
                pages += len(_PAGE.findall(piece))
                for match in _OBJECTS.finditer(piece):
                    if left > 0:
                        objects = _unpacked(piece[match.end() : match.end() + _PACKED])
                        pages += len(_PAGE.findall(objects))
                        left -= max(len(objects), 10_000)  # what is no stream takes time, too
    except OSError:
        return 0  # the file is gone meanwhile; the library has its copy
    return pages


def _unpacked(stream: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(stream, _UNPACKED)
    except zlib.error:
        return b""
