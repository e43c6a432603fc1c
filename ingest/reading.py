"""Read a document whose words stand in pictures: one after the other, then the document.

Each picture is a request of its own to the parsing process, so one that hangs or crashes costs
itself only. What was recognised is kept at once and never recognised again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ingest.loaders.pictures import NEEDS_OCR, packed
from ingest.parse import Parser, ReadingEnded
from ingest.parsed import CutDocument
from rag.errors import DocumentError
from rag.settings import Settings
from rag.store.catalogue import Catalogue, Document
from rag.store.picture_texts import PictureTexts

OFF = "reading them is off (option ocr)"
TIME_IS_UP = (
    "the time for reading pictures was over (option ocr_seconds); `ranklens reindex` goes on there"
)
GAVE_UP = "reading others failed before"
MOST_FAILURES = 5  # pictures in a row
Between = Callable[[Document, int, int], None]


def reader() -> str:
    """Return the name and version of what recognises text, "" if it is not installed."""
    try:
        return f"rapidocr {version('rapidocr')}"
    except PackageNotFoundError:
        return ""


@dataclass(frozen=True, slots=True)
class DocumentReader:
    """Has documents parsed, and their pictures recognised before.

    ``between`` is called before each picture with how many are done and how many there are; what it
    raises ends the reading.
    """

    parser: Parser
    settings: Settings
    catalogue: Catalogue
    texts: PictureTexts
    between: Between

    def read(self, document: Document, path: Path, password: str) -> CutDocument:
        """Return a document's text and chunks; raises `DocumentError`."""
        read_by = reader() if self.settings.ocr else ""
        known = self.texts.of(document.digest, read_by) if read_by else {}
        reasons: dict[str, str] = {}
        otherwise = NEEDS_OCR if self.settings.ocr else OFF
        ends = 0.0
        while True:
            pictures = packed(known, reasons, otherwise, asking=bool(read_by))
            cut = self.parser.parse(path, document.digest, document.name, password, pictures)
            if not cut.pictures:
                return cut
            ends = ends or time.monotonic() + self.settings.ocr_seconds
            for key, text, reason in self._recognised(document, path, password, cut, ends):
                if reason:
                    reasons[key] = reason
                else:
                    known[key] = text
                    self.texts.keep(document.digest, key, read_by, text)

    def _recognised(
        self, document: Document, path: Path, password: str, cut: CutDocument, ends: float
    ) -> Iterable[tuple[str, str, str]]:
        """Yield each picture's key with its text, or with the reason why there is none."""
        failures = 0
        for done, key in enumerate(cut.pictures):
            self.between(document, done, len(cut.pictures))
            if time.monotonic() > ends or failures >= MOST_FAILURES:
                yield key, "", GAVE_UP if failures >= MOST_FAILURES else TIME_IS_UP
                continue
            try:
                text = self.parser.recognise(path, document.name, key, password)
            except ReadingEnded:
                raise
            except DocumentError as error:
                failures += 1
                yield key, "", str(error)
            else:
                failures = 0
                yield key, text, ""
