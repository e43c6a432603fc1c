"""The smallest pieces that chunks are made of: sentences, rows, lines of code, headings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from textwrap import shorten

from ingest.parsed import BlockSpan, Parsed
from rag.errors import DocumentError
from rag.models.tokens import CountTokens
from rag.text.numbers import is_value
from rag.text.passages import BAR
from rag.text.sentences import sentences
from rag.text.spans import Span, lines, pieces, trimmed
from rag.text.words import LETTERED

LONGEST_HEADING = 100  # letters of a heading in a path; its own block has all of it
HEADER_ROWS = 3
LONGEST_COLUMNS = 160  # letters; a longer header costs more than it adds
MOST_LETTERS = 16  # a token
# Thai and the like: without spaces, a clause may be one unknown word (docs/rerankers.md).
MOST_LETTERED = 4
BATCH = 250_000  # letters a call: a tokeniser takes some hundred bytes for each
_LETTERED = re.compile(rf"[{LETTERED}]+")


@dataclass(frozen=True, slots=True)
class Atom:
    """A piece that fits a chunk. ``block`` counts the blocks, ``headings`` are those above it.

    ``columns`` names a table's columns if they stand only in the table's first rows.
    """

    start: int
    end: int
    tokens: int
    kind: str
    page: int | None
    block: int
    headings: tuple[str, ...]
    columns: str = ""


def atoms(parsed: Parsed, count_tokens: CountTokens, limit: int, most: int) -> list[Atom]:
    """Cut a document to atoms of at most ``limit`` tokens, in order.

    They hold every character of the text that is not white space. Raises `DocumentError` as soon
    as it is clear that they fill more than ``most`` chunks.
    """
    owners: list[int] = []
    places: list[Span] = []
    for index, span in enumerate(parsed.spans):
        cut = _cut(parsed.text, span)
        places += cut
        owners += [index] * len(cut)
    fitted = _fitted(parsed.text, places, count_tokens, limit, most)
    paths, columns = _heading_paths(parsed), _columns(parsed)
    return [
        Atom(start, end, tokens, span.kind, span.page, owner, paths[owner], columns[owner])
        for owner, pieces in zip(owners, fitted, strict=True)
        for (start, end), tokens in pieces
        for span in (parsed.spans[owner],)
    ]


def count(text: str, places: Sequence[Span], count_tokens: CountTokens, limit: int) -> list[int]:
    """Count the tokens of places of a text, at least one each, in few calls.

    A word that a tokeniser does not know may count as one token however long it is, so letters
    count too. A place that is over the limit by its letters alone is not tokenised.
    """
    counts = [_by_letters(text[a:b]) for a, b in places]
    short = [at for at, letters in enumerate(counts) if letters <= limit]
    for batch in _batches(places, short):
        tokens = count_tokens([text[slice(*places[at])] for at in batch])
        for at, counted in zip(batch, tokens, strict=True):
            counts[at] = max(counts[at], counted)
    return counts


def _by_letters(text: str) -> int:
    """Return how many tokens a text has at least, by its letters."""
    dense = 0 if text.isascii() else sum(map(len, _LETTERED.findall(text)))
    return max((len(text) - dense) // MOST_LETTERS + dense // MOST_LETTERED, 1)


def refuse_many(chunks: int, most: int) -> None:
    """Raise `DocumentError` if a document gives more chunks than it may."""
    if chunks > most:
        raise DocumentError(
            f"it gives more than {most:,} chunks, the limit of the setting max_document_chunks; "
            "split the document, raise the setting, or make chunks longer (chunk_tokens)"
        )


def _batches(places: Sequence[Span], chosen: Sequence[int]) -> Iterator[list[int]]:
    """Yield the numbers of chosen places in batches of few letters."""
    batch: list[int] = []
    letters = 0
    for at in chosen:
        batch.append(at)
        letters += places[at][1] - places[at][0]
        if letters >= BATCH:
            yield batch
            batch, letters = [], 0
    if batch:
        yield batch


def _cut(text: str, span: BlockSpan) -> list[Span]:
    if span.kind == "paragraph":
        return sentences(text, span.start, span.end)
    if span.kind == "code":
        found = (trimmed(text, *line) for line in lines(text, span.start, span.end))
        return [(start, end) for start, end in found if start < end]
    return [(span.start, span.end)]


def _fitted(
    text: str, places: list[Span], count_tokens: CountTokens, limit: int, most: int
) -> list[list[tuple[Span, int]]]:
    """Return each place with its tokens, cut between words (or letters) if it is too long."""
    fitted: list[list[tuple[Span, int]]] = [[] for _ in places]
    waiting = list(enumerate(places))
    width = limit  # letters of a first cut: a token is rarely less than a letter
    total = 0
    while waiting:
        counts = count(text, [place for _, place in waiting], count_tokens, limit)
        total += sum(tokens for tokens in counts if tokens <= limit)
        refuse_many(-(-total // limit), most)
        too_long = []
        for (owner, place), tokens in zip(waiting, counts, strict=True):
            if tokens <= limit or place[1] - place[0] <= 1:
                fitted[owner].append((place, tokens))
            else:
                letters = min(width, max((place[1] - place[0]) // 2, 1))
                too_long += [(owner, piece) for piece in pieces(text, *place, letters)]
        waiting, width = too_long, max(width // 2, 1)
    return [sorted(cut) for cut in fitted]


def _heading_paths(parsed: Parsed) -> list[tuple[str, ...]]:
    """Return the headings above each block; a heading's own words are not above it."""
    stack: list[tuple[int, str]] = []
    paths = []
    for span in parsed.spans:
        if span.kind == "heading":
            while stack and stack[-1][0] >= span.level:
                stack.pop()
        paths.append(tuple(words for _, words in stack))
        if span.kind == "heading":
            words = " ".join(parsed.text[span.start : span.end].split())
            stack.append((span.level, shorten(words, LONGEST_HEADING, placeholder="…")))
    return paths


def _columns(parsed: Parsed) -> list[str]:
    """Return, for each block that is a row below a table's first rows, the names in these.

    Only for rows whose cells stand between bars (from PDF); other rows carry their names.
    """
    columns = [""] * len(parsed.spans)
    numbered = list(enumerate(parsed.spans))
    for (kind, _), group in groupby(numbered, key=lambda item: (item[1].kind, item[1].page)):
        rows = list(group)
        if kind != "row":
            continue
        texts = [parsed.text[span.start : span.end] for _, span in rows[: HEADER_ROWS + 1]]
        depth = _header_depth(texts)
        names = "; ".join(texts[:depth])
        if depth and len(names) <= LONGEST_COLUMNS:
            for index, _ in rows[depth:]:
                columns[index] = names
    return columns


def _header_depth(rows: Sequence[str]) -> int:
    """Return how many rows stand above the first one with a value or with a lone label."""
    cells = [row.split(BAR) for row in rows]
    if len(rows) < 2 or len(cells[0]) < 2:
        return 0
    for depth, row in enumerate(cells):
        if len(row) == 1 or any(is_value(cell) for cell in row):
            return depth
    return 1
