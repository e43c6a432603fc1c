"""A document as the catalogue lists it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Row, case

from rag.store.schema import documents
from rag.text.language import ENGLISH
from rag.text.plural import plural

Status = Literal["queued", "indexing", "ready", "failed", "removed"]
BYTES_A_CHUNK = 900  # about, in files of text
# A document's text and spans may be megabytes; lists of documents do without.
_UNLISTED = ("text", "spans", "settings", "lease_owner", "lease_until")
LISTED = [c for c in documents.c if c.name not in _UNLISTED]
# A document is measured by its chunks if they were counted already, else by its bytes.
SMALLEST_FIRST = (
    case((documents.c.chunks > 0, documents.c.chunks * BYTES_A_CHUNK), else_=documents.c.size),
    documents.c.id,
)


@dataclass(frozen=True, slots=True)
class Document:
    """A row of the catalogue. ``size`` in bytes, ``seconds`` from start to ready.

    ``language`` names the rules for the words of its text (`rag.text.language`). ``interruptions``
    counts how often the process ended while it was being indexed; ``warnings`` says what of it
    could not be read, a sentence a line. ``ocr_pictures`` counts the pages or pictures whose text
    was recognised (OCR), ``ocr_confidence`` is the mean of their letters' (0 to 1). ``parent``
    names the e-mail that it was attached to.
    """

    id: int
    name: str
    media_type: str
    size: int
    digest: str
    pages: int | None
    status: Status
    reason: str
    chunks: int
    added: datetime
    indexed: datetime | None
    seconds: float | None
    interruptions: int = 0
    warnings: str = ""
    language: str = ENGLISH
    ocr_pictures: int = 0
    ocr_confidence: float | None = None
    parent: str = ""

    @property
    def ocr(self) -> str:
        """How much of its text was recognised, and how surely, in words; "" if nothing was."""
        if self.ocr_confidence is None:
            return ""
        paged = self.media_type == "application/pdf" or self.media_type.startswith("image/")
        read = plural(self.ocr_pictures, "page" if paged else "picture")
        return f"{read} read by OCR, confidence {int(100 * self.ocr_confidence)}%"


def document_of(row: Row[Any]) -> Document:
    """Make a document of a row of the columns `LISTED`."""
    added = datetime.fromtimestamp(row.added, UTC)
    indexed = datetime.fromtimestamp(row.indexed, UTC) if row.indexed else None
    found = {"added": added, "indexed": indexed, "language": row.language or ENGLISH}
    return Document(**row._asdict() | found)
