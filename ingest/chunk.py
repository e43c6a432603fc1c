"""Cut a document into chunks by its structure.

A chunk never crosses a page. It is filled with whole rows and sentences of one section up to the
limit; sections are filled evenly, so that none ends in a scrap. Sections that are small are put
together with the next one under the same heading, so that a page of short ones does not become a
heap of chunks that say little.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import groupby, pairwise

from ingest.atoms import Atom, CountTokens, atoms, count
from ingest.parse import Parsed
from rag.types import Chunk

VERSION = 1  # part of every chunk's id: change it when the cuts change
SCRAP = 0.2  # below this share it goes with what follows, whatever its size
SAMPLE = 256  # chunks that are counted again as a whole
SMALL = 0.5  # a section below this share of the limit is put together with its neighbour


def chunk(
    parsed: Parsed,
    *,
    document: str,
    digest: str,
    count_tokens: CountTokens,
    limit: int,
    overlap: int,
) -> list[Chunk]:
    """Return the document's chunks in order, each of at most ``limit`` tokens.

    Every character that is not white space is in a chunk, and a chunk's text is exactly
    ``parsed.text[start:end]``. ``overlap`` is the number of sentences that a chunk repeats from
    the one before it in the same section.
    """
    pieces: list[list[Atom]] = []
    for _, page in groupby(atoms(parsed, count_tokens, limit), key=lambda a: a.page):
        packed = [p for section in _sections(list(page), limit) for p in _pack(section, limit)]
        pieces += _overlapped(packed, limit, overlap)
    pieces = _within_limit(parsed.text, pieces, count_tokens, limit)
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
    """Tell whether two sections make one good chunk.

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


def _pack(section: list[Atom], limit: int) -> list[list[Atom]]:
    """Fill chunks evenly; break between blocks rather than within one where both are possible."""
    total = _tokens(section)
    chunks = -(-total // limit) if total else 1
    enough = 0.8 * total / chunks
    packed: list[list[Atom]] = []
    filled = limit + 1
    for atom in section:
        last = packed[-1][-1] if packed else None
        ends = last is not None and last.block != atom.block and last.kind != "heading"
        if filled + atom.tokens > limit or (ends and filled >= enough and len(packed) < chunks):
            packed.append(_taken_along(packed, filled, atom, limit))
            filled = _tokens(packed[-1])
        packed[-1].append(atom)
        filled += atom.tokens
    return [piece for piece in packed if piece]


def _taken_along(packed: list[list[Atom]], filled: int, atom: Atom, limit: int) -> list[Atom]:
    """Take a heading that would end a chunk along to the next one, where its section is."""
    taken: list[Atom] = []
    while packed and len(packed[-1]) > 1 and packed[-1][-1].kind == "heading":
        if _tokens(taken) + packed[-1][-1].tokens + atom.tokens > limit:
            break
        taken.insert(0, packed[-1].pop())
    return taken


def _overlapped(pieces: list[list[Atom]], limit: int, overlap: int) -> list[list[Atom]]:
    """Let each piece begin with the last sentences of the one before it, as far as they fit."""
    result = pieces[:1]
    for before, piece in pairwise(pieces):
        repeated: list[Atom] = []
        room = min(limit - _tokens(piece), limit // 2)
        for atom in reversed(before[-overlap:] if overlap else []):
            room -= atom.tokens
            if room < 0 or not _is_same_prose(atom, piece[0]):
                break
            repeated.insert(0, atom)
        result.append(repeated + piece)
    return result


def _is_same_prose(atom: Atom, following: Atom) -> bool:
    prose = atom.kind == following.kind == "paragraph"
    return prose and atom.headings == following.headings


def _within_limit(
    text: str, pieces: list[list[Atom]], count_tokens: CountTokens, limit: int
) -> list[list[Atom]]:
    """Halve pieces that count more tokens together than their parts did.

    Most tokenisers count words one by one, so for a large document a sample tells.
    """
    sample = pieces[:: max(1, len(pieces) // SAMPLE)]
    done: list[list[Atom]] = []
    if _add_up(text, sample, count_tokens):
        pieces, done = [], pieces
    while pieces:
        counts = count(text, [(p[0].start, p[-1].end) for p in pieces], count_tokens)
        again: list[list[Atom]] = []
        for piece, tokens in zip(pieces, counts, strict=True):
            if tokens <= limit or len(piece) == 1:
                done.append(piece)
            else:
                half = len(piece) // 2
                again += [piece[:half], piece[half:]]
        pieces = again
    return sorted(done, key=lambda piece: (piece[0].start, piece[-1].end))


def _add_up(text: str, pieces: list[list[Atom]], count_tokens: CountTokens) -> bool:
    counts = count(text, [(p[0].start, p[-1].end) for p in pieces], count_tokens)
    return all(tokens <= _tokens(p) for tokens, p in zip(counts, pieces, strict=True))


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
