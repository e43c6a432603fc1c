"""A document's text in the catalogue: what the parsing process gave of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, ColumnElement, Text, cast, literal

from ingest.parsed import BlockSpan, CutDocument, Parsed
from rag.store.catalogue import Catalogue, Document
from rag.text.language import stemming_of


def keep_text(catalogue: Catalogue, document_id: int, cut: CutDocument, **columns: Any) -> None:
    """Keep a document's text, language, structure and word boxes; set ``columns`` too."""
    catalogue.update_document(
        document_id,
        media_type=cut.media_type,
        pages=cut.pages,
        text=cut.text,
        spans=_as_json(catalogue, cut.spans),
        warnings="\n".join(cut.warnings),
        language=stemming_of(cut.text),
        ocr_pictures=cut.ocr[0],
        ocr_confidence=cut.ocr[1],
        **columns,
    )
    if cut.boxes or catalogue.boxes(document_id):
        catalogue.keep_boxes(document_id, cut.boxes)


def _as_json(catalogue: Catalogue, text: str) -> ColumnElement[Any]:
    """Return text that is JSON already as a value of a JSON column."""
    value = literal(text, Text())
    # SQLite keeps JSON as text, and would make a number of it if it was asked to cast it.
    return value if catalogue.engine.dialect.name == "sqlite" else cast(value, JSON())


def stored_text(catalogue: Catalogue, document: Document) -> Parsed | None:
    """Return a document's text with its structure, None before it is parsed."""
    stored = catalogue.document_text(document.id)
    if stored is None:
        return None
    text, spans = stored
    blocks = tuple(BlockSpan(*span) for span in spans)
    boxes = catalogue.boxes(document.id)
    warnings = tuple(document.warnings.splitlines())
    ocr = (document.ocr_pictures, document.ocr_confidence)
    return Parsed(document.media_type, document.pages, text, blocks, boxes, warnings, ocr)
