"""What is compressed is unpacked in pieces and up to a limit: a megabyte can hold gigabytes."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from functools import partial
from typing import BinaryIO

PIECE = 1 << 16  # bytes at a time
MOST_MEMBERS = 100_000  # bgzip makes one of every 64 KiB; each costs a copy of what follows it
_ANY_HEADER = 47  # zlib's number for gzip or zlib, as the data's own first bytes say


class TooLarge(ValueError):
    """It unpacks to more than it may; the message says how much that is."""


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """Yield a file's bytes from where it stands, `PIECE` at a time."""
    return iter(partial(file.read, PIECE), b"")


def unpacked(packed: Iterable[bytes], most: int) -> Iterator[bytes]:
    """Yield what gzip or zlib data holds, in pieces of at most `PIECE` bytes.

    Raises `TooLarge` if that is more than ``most`` bytes, and `ValueError` if the data is damaged
    or its end is missing.
    """
    total, members, reader = 0, 1, zlib.decompressobj(_ANY_HEADER)
    for piece in packed:
        rest = piece
        while rest:
            if reader.eof:  # another member: gzip files may be joined, and padded with zeros
                members += 1
                reader = zlib.decompressobj(_ANY_HEADER)
            try:
                out = reader.decompress(rest, PIECE)
            except zlib.error as error:
                raise ValueError(f"its compressed data is damaged ({error})") from None
            rest = reader.unused_data.lstrip(b"\0") if reader.eof else reader.unconsumed_tail
            total += len(out)
            if total > most or members > MOST_MEMBERS:
                raise TooLarge(f"it unpacks to more than {most >> 20:,} MB")
            if out:
                yield out
    if not reader.eof:
        raise ValueError("its compressed data is incomplete: the end is missing")
