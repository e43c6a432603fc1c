"""One page of a PDF, or of a picture, as an image.

Drawn in a process of its own with a time limit and a memory limit, like parsing: a document that
makes PDFium hang or crash costs its picture and nothing else.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ingest.child import COMMAND, Child
from ingest.parse import ask
from rag.errors import DocumentError
from rag.settings import Settings

SECONDS = 20.0
SCALE = 2.0
LARGEST = 64 << 20  # bytes of an image


@dataclass(frozen=True, slots=True)
class PageImage:
    """A page drawn at ``width`` × ``height`` pixels, as WebP."""

    webp: bytes
    width: int
    height: int


class PasswordNeeded(DocumentError):
    """The PDF is encrypted and the given password (or none) does not open it."""


def draw(
    path: Path, number: int, settings: Settings, scale: float = SCALE, password: str = ""
) -> PageImage:
    """Draw page ``number`` (from 1) of a PDF at ``scale`` pixels a point, or a frame of a picture.

    Raises `PasswordNeeded`, and `DocumentError` with the reason in plain words: damaged, too slow.
    """
    request = {
        "task": "draw",
        "path": str(path.absolute()),
        "password": password,
        "page": number,
        "scale": scale,
    }
    seconds = min(SECONDS, settings.parse_seconds)
    with closing(Child(COMMAND)) as child:
        answer, parts = ask(child, request, settings=settings, seconds=seconds, most=LARGEST)
    if answer.get("locked"):
        what = "the given password does not open it" if password else "a password is needed"
        raise PasswordNeeded(f"the PDF is encrypted: {what}")
    return PageImage(parts[0], answer["width"], answer["height"])
