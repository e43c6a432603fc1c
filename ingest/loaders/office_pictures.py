"""Pictures of Word and PowerPoint files: their text at their place, or a warning."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docx.oxml.ns import qn

from ingest.loaders.base import Block
from ingest.loaders.pictures import Pictures
from ingest.loaders.zipped import open_zip
from rag.errors import DocumentError
from rag.text.plural import plural

if TYPE_CHECKING:
    from PIL import Image

DRAWN = (qn("a:blip"), "{urn:schemas-microsoft-com:vml}imagedata")
REFERENCES = (qn("r:embed"), qn("r:id"))
MOST_BYTES = 100 << 20  # of a picture
OUTSIDE = "they are not in the file"


@dataclass(slots=True)
class OfficePictures:
    """Reads the pictures of a document and counts those whose text is not known."""

    known: Pictures
    _unread: list[str] = field(default_factory=list)
    _outside: int = 0

    def blocks(self, part: Any, element: Any) -> Iterator[Block]:
        """Yield what the pictures say that an element of a part of the file shows."""
        for node in element.iter(*DRAWN):
            if is_fallback(node):
                continue
            if key := _key(part, node):
                yield from self._picture(key)
            else:
                self._outside += 1

    def warnings(self) -> tuple[str, ...]:
        """Return a sentence for each reason why pictures were not read."""
        found = {reason: len(keys) for reason, keys in self.known.why_not(self._unread).items()}
        if self._outside:
            found[OUTSIDE] = self._outside
        return tuple(
            f"{plural(count, 'picture was', 'pictures were')} not read; {reason}"
            for reason, count in found.items()
        )

    def _picture(self, key: str) -> Iterator[Block]:
        text = self.known.text(key)
        if text is None:
            self._unread.append(key)
            return
        from ingest.loaders.picture_lines import picture_blocks  # PDFium, which few files need

        for block in picture_blocks(text):  # no heading of the document, no place on a page
            kind = "paragraph" if block.kind == "heading" else block.kind
            yield replace(block, kind=kind, level=0, words=())


def picture_of(path: Path, key: str) -> Image.Image:
    """Return a picture of an Office file for text recognition; ``key`` is its part's name."""
    from ingest.loaders.picture_files import opened

    with open_zip(path) as archive:
        if archive.getinfo(key).file_size > MOST_BYTES:
            raise DocumentError(f"it has more than {MOST_BYTES >> 20} MB")
        return opened(io.BytesIO(archive.read(key)))


def is_fallback(node: Any) -> bool:
    """Return whether a node repeats, for old programs, what stands beside it."""
    return any(a.tag.endswith("}Fallback") for a in node.iterancestors())


def _key(part: Any, node: Any) -> str:
    """Return the name of the part that holds a picture, "" if it is outside of the file."""
    reference = next((node.get(name) for name in REFERENCES if node.get(name)), "")
    relation = part.rels.get(reference)
    if relation is None or relation.is_external:
        return ""
    return str(relation.target_part.partname).lstrip("/")
