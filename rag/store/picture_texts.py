"""What text recognition (OCR) read in the pictures of files, by the files' digests.

A picture takes seconds, so its text is kept as soon as it is there: a document whose reading was
interrupted goes on at the next picture, and one that is indexed again recognises nothing twice.
The same holds for what a language model writes about chunks (`ingest.contexts`), kept here by the
chunks' ids.
"""

from __future__ import annotations

import zlib

from sqlalchemy import Engine, delete, select

from rag.store.schema import documents, picture_texts
from rag.store.statements import insert_or_replace


class PictureTexts:
    """Texts of pictures in the catalogue's file. Safe to use from several threads."""

    def __init__(self, engine: Engine) -> None:
        """Use the catalogue's database."""
        self._engine = engine

    def of(self, digest: str, reader: str) -> dict[str, str]:
        """Return what one version of the reader read in a file, by the pictures' keys."""
        of_file = picture_texts.c.digest == digest, picture_texts.c.reader == reader
        query = select(picture_texts.c.key, picture_texts.c.data).where(*of_file)
        with self._engine.connect() as db:
            return {row.key: zlib.decompress(row.data).decode() for row in db.execute(query)}

    def keep(self, digest: str, key: str, reader: str, text: str) -> None:
        """Keep a picture's text, in place of another version's."""
        row = {"digest": digest, "key": key, "reader": reader}
        with self._engine.begin() as db:
            packed = {"data": zlib.compress(text.encode())}
            insert_or_replace(db, picture_texts, [row | packed], ["digest", "key"])

    def drop(self, digest: str) -> None:
        """Forget the pictures of a file."""
        with self._engine.begin() as db:
            db.execute(delete(picture_texts).where(picture_texts.c.digest == digest))

    def sweep(self) -> None:
        """Forget the pictures of files that no document has: what an ended process left."""
        known = select(documents.c.digest).where(documents.c.status != "removed")
        with self._engine.begin() as db:
            db.execute(delete(picture_texts).where(picture_texts.c.digest.not_in(known)))
