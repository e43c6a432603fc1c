"""Files of questions and judgements, line by line: gzipped or not, each line and all of it bounded.

They come from outside, and a small one may hold much: what is packed is unpacked in pieces.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rag.errors import RanklensError
from rag.text.json_value import json_value
from rag.text.regular import open_regular
from rag.text.unpack import TooLarge, pieces, unpacked

LONGEST = 1 << 24  # bytes of a line, characters of a cell: a document's text may stand in one
MOST_ROWS = 1_000_000  # of questions or judgements: MS MARCO's training set has 808,731
MOST_LINES = 10_000_000  # of any file, blank ones too: MS MARCO's corpus has 8,841,823
MOST_COLUMNS = 1_000
MOST_MB = 200  # unpacked, if the settings (`max_file_mb`) are not at hand
Rows = Iterator[tuple[int, Any]]


def read_lines(path: Path, most: int, data: bytes | None = None) -> Iterator[str]:
    """Yield the lines of UTF-8 text, with their line breaks.

    A name that ends in ``.gz`` is unpacked, up to ``most`` MB. ``data`` are the bytes of a file
    that is not on disk. Raises `RanklensError` that names the file, and the line if it is one.
    """
    try:
        with io.BytesIO(data) if data is not None else open_regular(path) as file:
            packed = path.suffix.lower() == ".gz"
            content = unpacked(pieces(file), most << 20) if packed else pieces(file)
            for number, line in enumerate(_split(content), 1):
                if number > MOST_LINES:
                    raise TooLarge(f"it has more than {MOST_LINES:,} lines")
                yield _decoded(line, str(path), number)
    except OSError as error:
        raise RanklensError(f"{path} cannot be read: {error.strerror or error}") from None
    except TooLarge as error:
        raise RanklensError(
            f"{path} is not read: {error}; split it, or raise the option max_file_mb"
        ) from None
    except ValueError as error:
        raise RanklensError(f"{path} cannot be read: {error}") from None


def filled_lines(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of the lines that are not blank, without their line breaks."""
    return ((n, line.rstrip("\n")) for n, line in enumerate(lines, 1) if line.strip())


def table(lines: Iterable[str], name: str) -> tuple[list[str], Rows]:
    """Return a CSV file's columns, and its rows as (line, cells by column).

    Raises `RanklensError` that names the line which is no CSV, or the columns if they are too many.
    """
    csv.field_size_limit(LONGEST)
    feed = _Feed(lines)
    reader = csv.DictReader(feed)
    try:
        columns = list(reader.fieldnames or ())
    except csv.Error as error:
        raise _no_csv(name, feed.line, error) from None
    if len(columns) > MOST_COLUMNS:
        raise RanklensError(f"{name} has {len(columns):,} columns, more than {MOST_COLUMNS:,}")
    return columns, _rows(reader, feed, name)


def limited(rows: Iterable[tuple[int, Any]], name: str) -> Rows:
    """Yield the rows; raises `RanklensError` after `MOST_ROWS`."""
    for number, row in enumerate(rows):
        if number == MOST_ROWS:
            raise RanklensError(f"{name} has more than {MOST_ROWS:,} rows; split it")
        yield row


def json_object(text: str) -> dict[str, Any]:
    """Return the object of a line of JSON Lines; raises `ValueError` for anything else."""
    row = json_value(text)
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    return row


def filled(data: Mapping[str, Any], key: str) -> str:
    """Return the words under a key; raises `ValueError` if they are missing or cannot be stored."""
    value = data.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"no {key}")
    try:
        value.encode()
    except UnicodeEncodeError:  # JSON can write half of a pair
        raise ValueError(f"{key} holds half a character, which no text can hold") from None
    return value.strip()


def _split(content: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of what comes in pieces; raises `ValueError` at one that is too long."""
    begun: list[bytes] = []
    size = 0
    for piece in content:
        *ended, rest = piece.split(b"\n")
        for line in ended:
            yield b"".join((*begun, line, b"\n"))
            begun, size = [], 0
        begun.append(rest)
        size += len(rest)
        if size > LONGEST:
            raise ValueError(f"one of its lines has more than {LONGEST >> 20} MB")
    if size:
        yield b"".join(begun)


def _decoded(line: bytes, name: str, number: int) -> str:
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError:
        raise RanklensError(
            f"{name} is not UTF-8 text (line {number}); save it as UTF-8, which spreadsheets call "
            "“CSV UTF-8”, and import it again"
        ) from None


class _Feed:
    """The lines that a row is made of, up to a limit: csv itself limits cells alone."""

    def __init__(self, lines: Iterable[str]) -> None:
        # A line may hold several that end with \r, as on an old Macintosh.
        self._lines = (one for line in lines for one in io.StringIO(line, newline=""))
        self.line = self.taken = 0  # lines so far, and characters of the row at hand

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.line += 1
        self.taken += len(line)
        if self.taken > LONGEST:
            raise csv.Error(f"a row has more than {LONGEST:,} characters")
        return line


def _rows(reader: csv.DictReader[str], feed: _Feed, name: str) -> Rows:
    try:
        for row in reader:
            feed.taken = 0
            yield reader.line_num, row
    except csv.Error as error:
        raise _no_csv(name, feed.line, error) from None


def _no_csv(name: str, line: int, error: csv.Error) -> RanklensError:
    return RanklensError(f"{name} is no CSV (line {line}): {error}")
