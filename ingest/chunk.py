"""Cut a document into chunks by its structure.

A chunk never crosses a page. It is filled with whole rows and sentences of one section up to the
limit; sections are filled evenly, so that none ends in a scrap. Sections that are small are put
together with the next one under the same heading, so that a page of short ones does not become a
heap of chunks that hold little.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import groupby

from ingest.atoms import Atom, atoms, count, refuse_many
from ingest.parsed import Parsed
from rag.models.tokens import CountTokens
from rag.types import Chunk

VERSION = 1  # part of every chunk's id: change it when the cuts change
SCRAP = 0.2  # below this share it goes with what follows, of any size
SMALL = 0.5  # a section below this share of the limit is put together with its neighbour


def chunk(
    parsed: Parsed,
    *,
    document: str,
    digest: str,
    count_tokens: CountTokens,
    limit: int,
    overlap: int,
    most: int,
) -> list[Chunk]:
    """Return the document's chunks in order, each of at most ``limit`` tokens.

    Every character that is not white space is in a chunk, and a chunk's text is exactly
    ``parsed.text[start:end]``. ``overlap`` is the number of sentences that a chunk repeats from
    the one before it in the same section. Raises `DocumentError` if there are more than ``most``
    chunks.
    """
    pieces: list[list[Atom]] = []
    for _, page in groupby(atoms(parsed, count_tokens, limit, most), key=lambda a: a.page):
        for section in _sections(list(page), limit):
            pieces += _pack(section, limit, overlap)
    pieces = _within_limit(parsed.text, pieces, count_tokens, limit)
    refuse_many(len(pieces), most)
    settings = f"{VERSION}:{limit}:{overlap}"
    return [_chunk(parsed, piece, document, digest, settings) for piece in pieces]


def _sections(page: list[Atom], limit: int) -> list[list[Atom]]:
    """Split a page's atoms at its headings, then put small sections together."""
    sections: list[list[Atom]] = []
    for atom in page:
        opens = atom.kind == "heading" and not (sections and sections[-1][-1].block == atom.block)
        if opens or not sections:
            sections.append([])
        sections[-1].append(atom)
    merged: list[list[Atom]] = []
    for section in sections:
        if merged and _fit_together(merged[-1], section, limit):
            merged[-1] += section
        else:
            merged.append(section)
    return merged


def _fit_together(first: list[Atom], second: list[Atom], limit: int) -> bool:
    """Return whether two sections make one good chunk.

    A heading with nothing below it goes with what follows. Otherwise one of them is small and the
    second does not belong higher up than where the first begins.
    """
    if all(atom.kind == "heading" for atom in first):
        return _tokens(first) + min(_tokens(second), limit // 2) <= limit
    above = first[0].headings
    under = second[0].headings[: len(above)] == above and first[0].kind == "heading"
    if under and _tokens(first) < SCRAP * limit:
        return True
    small = min(_tokens(first), _tokens(second)) < SMALL * limit
    return under and small and _tokens(first) + _tokens(second) <= limit


def _pack(section: list[Atom], limit: int, overlap: int) -> list[list[Atom]]:
    """Fill chunks evenly; break between blocks rather than within one if both are possible."""
    left = _tokens(section)
    room = max(limit - overlap * left // len(section), limit // 2) if left > limit else limit
    chunks = max(1, -(-left // room))
    enough = 0.8 * left / chunks
    packed: list[list[Atom]] = [[]]
    for atom in section:
        filled = _tokens(packed[-1])
        rest = max(chunks - len(packed), 0) * 0.95 * room
        ends = packed[-1] and packed[-1][-1].block != atom.block and left <= rest
        if packed[-1] and (filled + atom.tokens > limit or (ends and filled >= enough)):
            packed.append(_taken_along(packed[-1], atom, limit, overlap))
        packed[-1].append(atom)
        left -= atom.tokens
    return packed


def _taken_along(before: list[Atom], atom: Atom, limit: int, overlap: int) -> list[Atom]:
    """Return what a chunk begins with before ``atom``, the first that is new in it.

    Headings that would end the chunk before move here; otherwise its last sentences are repeated
    if both are prose of one section.
    """
    taken: list[Atom] = []
    while len(before) > 1 and before[-1].kind == "heading":
        if _tokens(taken) + before[-1].tokens + atom.tokens > limit:
            break
        taken.insert(0, before.pop())
    if taken:
        return taken
    for earlier in reversed(before[-overlap:] if overlap else []):
        tokens = _tokens(taken) + earlier.tokens
        if tokens > limit // 2 or tokens + atom.tokens > limit or not _is_prose(earlier, atom):
            break
        taken.insert(0, earlier)
    return taken


def _is_prose(atom: Atom, following: Atom) -> bool:
    prose = atom.kind == following.kind == "paragraph"
    return prose and atom.headings == following.headings


def _within_limit(
    text: str, pieces: list[list[Atom]], count_tokens: CountTokens, limit: int
) -> list[list[Atom]]:
    """Halve pieces that count more tokens together than their parts did."""
    done: list[list[Atom]] = []
    while pieces:
        counts = count(text, [(p[0].start, p[-1].end) for p in pieces], count_tokens, limit)
        again: list[list[Atom]] = []
        for piece, tokens in zip(pieces, counts, strict=True):
            if tokens <= limit or len(piece) == 1:
                done.append(piece)
            else:
                half = len(piece) // 2
                again += [piece[:half], piece[half:]]
        pieces = again
    return _without_repeats(done)


def _without_repeats(pieces: list[list[Atom]]) -> list[list[Atom]]:
    """Return pieces in order, without those that lie in another one."""
    kept: list[list[Atom]] = []
    for piece in sorted(pieces, key=lambda piece: (piece[0].start, -piece[-1].end)):
        if not kept or piece[-1].end > kept[-1][-1].end:
            kept.append(piece)
    return kept


def _chunk(
    parsed: Parsed, piece: Sequence[Atom], document: str, digest: str, settings: str
) -> Chunk:
    first = piece[0]
    start, end = first.start, piece[-1].end
    name = hashlib.sha256(f"{digest}:{start}:{end}:{settings}".encode()).hexdigest()[:32]
    heading = (*first.headings, first.columns) if first.columns else first.headings
    return Chunk(name, document, start, end, parsed.text[start:end], first.page, heading)


def _tokens(piece: Sequence[Atom]) -> int:
    return sum(atom.tokens for atom in piece)
