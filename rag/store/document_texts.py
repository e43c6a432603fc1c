"""The documents' texts: what was extracted, its language, where its words stand."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, insert, literal, select, update

from rag.store.changing import Changing
from rag.store.schema import documents, word_boxes
from rag.text.language import ENGLISH, NONE, stemming_of


class DocumentTexts(Changing):
    """Reads and writes the texts of documents."""

    def language(self, document_id: int) -> str:
        """Return a document's language."""
        query = select(documents.c.language).where(documents.c.id == document_id)
        with self._engine.connect() as db:
            return db.scalar(query) or ENGLISH

    def find_languages(self) -> None:
        """Find the language of documents that were indexed before it was kept or had rules."""
        unknown = select(documents.c.id).where(documents.c.language.in_(("", NONE)))
        with self._engine.connect() as db:
            ids = list(db.scalars(unknown.where(documents.c.text.is_not(None))))
        for document_id in ids:
            if stored := self.document_text(document_id):
                values = {"language": stemming_of(stored[0])}
                with self.changing_documents() as db:
                    db.execute(
                        update(documents).where(documents.c.id == document_id).values(**values)
                    )

    def document_text(self, document_id: int) -> tuple[str, Any] | None:
        """Return the extracted text and its block spans (as stored), or None before parsing."""
        query = select(documents.c.text, documents.c.spans).where(documents.c.id == document_id)
        with self._engine.connect() as db:
            row = db.execute(query).first()
        return (row.text, row.spans) if row and row.text is not None else None

    def copy_text(self, source: int, target: int) -> None:
        """Give a document the text, the structure and the word boxes of another one."""
        columns = (
            *("media_type", "pages", "text", "spans", "warnings"),
            *("ocr_pictures", "ocr_confidence", "parent"),
        )
        of_source = documents.alias()
        values = {
            name: select(of_source.c[name]).where(of_source.c.id == source).scalar_subquery()
            for name in columns
        }
        boxes = select(literal(target), word_boxes.c.data).where(word_boxes.c.document_id == source)
        with self.changing_documents() as db:
            db.execute(update(documents).where(documents.c.id == target).values(**values))
            db.execute(insert(word_boxes).from_select(["document_id", "data"], boxes))

    def keep_boxes(self, document_id: int, data: bytes) -> None:
        """Keep where a document's words stand on its pages; nothing is kept of empty data."""
        with self._engine.begin() as db:
            db.execute(delete(word_boxes).where(word_boxes.c.document_id == document_id))
            if data:
                db.execute(insert(word_boxes).values(document_id=document_id, data=data))

    def boxes(self, document_id: int) -> bytes:
        """Return what `keep_boxes` was given, empty if there is none."""
        query = select(word_boxes.c.data).where(word_boxes.c.document_id == document_id)
        with self._engine.connect() as db:
            return db.scalar(query) or b""
