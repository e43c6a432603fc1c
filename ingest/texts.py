"""A document's text in the catalogue: what its parser gave, and the chunks that are cut from it."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

from ingest.chunk import chunk
from ingest.parse import BlockSpan, Parsed
from rag.models.encoder import Encoder
from rag.settings import Settings
from rag.store.catalogue import Catalogue, Document
from rag.types import Chunk


def keep_text(catalogue: Catalogue, document_id: int, parsed: Parsed, **columns: Any) -> None:
    """Keep a document's text, its structure and where its words stand; set ``columns`` too."""
    catalogue.update_document(
        document_id,
        media_type=parsed.media_type,
        pages=parsed.pages,
        text=parsed.text,
        spans=[list(astuple(span)) for span in parsed.spans],
        warnings="\n".join(parsed.warnings),
        **columns,
    )
    if parsed.boxes or catalogue.boxes(document_id):
        catalogue.keep_boxes(document_id, parsed.boxes)


def stored_text(catalogue: Catalogue, document: Document) -> Parsed | None:
    """Return what `keep_text` was given, None before the document is parsed."""
    stored = catalogue.document_text(document.id)
    if stored is None:
        return None
    text, spans = stored
    blocks = tuple(BlockSpan(*span) for span in spans)
    boxes = catalogue.boxes(document.id)
    warnings = tuple(document.warnings.splitlines())
    return Parsed(document.media_type, document.pages, text, blocks, boxes, warnings)


def cut(
    parsed: Parsed, name: str, digest: str, encoder: Encoder, settings: Settings
) -> list[Chunk]:
    """Return a document's chunks, as the settings and the encoder's tokens have them."""
    return chunk(
        parsed,
        document=name,
        digest=digest,
        count_tokens=encoder.count_tokens,
        limit=settings.chunk_tokens,
        overlap=settings.chunk_overlap,
    )
