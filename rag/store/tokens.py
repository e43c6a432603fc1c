"""Token vectors of passages, kept at ingest, so that late interaction need not encode them again.

They stand in the catalogue's file beside the chunks that they belong to and go with them (the
foreign key removes them with any chunk). They are found by a digest of what was
encoded, so they can be missing but never belong to another text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, func, insert, select

from rag.models import token_codes
from rag.store.schema import tokens

AT_ONCE = 500


class TokenStore:
    """Packed token vectors by passage. Safe to use from several threads."""

    def __init__(self, engine: Engine) -> None:
        """Use the catalogue's database."""
        self._engine = engine

    def add(
        self, document_id: int, first: int, passages: Sequence[str], codes: Sequence[bytes]
    ) -> None:
        """Keep the codes of chunks that are in the catalogue, numbered from ``first``."""
        if rows := rows_of(document_id, first, passages, codes):
            with self._engine.begin() as db:
                db.execute(insert(tokens), rows)

    def fetch(self, passages: Sequence[str]) -> list[bytes | None]:
        """Return the codes of each passage, None if they were not kept."""
        wanted = [_digest(passage) for passage in passages]
        found: dict[bytes, bytes] = {}
        with self._engine.connect() as db:
            for i in range(0, len(wanted), AT_ONCE):
                part = tokens.c.digest.in_(wanted[i : i + AT_ONCE])
                query = select(tokens.c.digest, tokens.c.codes).where(part)
                found |= {row.digest: row.codes for row in db.execute(query)}
        return [found.get(digest) for digest in wanted]

    def size(self) -> tuple[int, int]:
        """Return how many chunks have kept vectors, and the bytes of these."""
        query = select(func.count(), func.coalesce(func.sum(func.length(tokens.c.codes)), 0))
        with self._engine.connect() as db:
            count, size = db.execute(query.select_from(tokens)).one()
        return int(count), int(size)


def rows_of(
    document_id: int, first: int, passages: Sequence[str], codes: Sequence[bytes]
) -> list[dict[str, Any]]:
    """Return the rows of the table for the packed token vectors of chunks."""
    return [
        {
            "document_id": document_id,
            "ordinal": first + i,
            "digest": _digest(passage),
            "codes": packed,
        }
        for i, (passage, packed) in enumerate(zip(passages, codes, strict=True))
    ]


def _digest(passage: str) -> bytes:
    """Return what names a passage and how its vectors were packed."""
    return hashlib.sha256(f"{token_codes.NAME}\n{passage}".encode()).digest()[:16]
