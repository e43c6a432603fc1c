"""Packed data comes out in pieces, up to a limit."""

from __future__ import annotations

import gzip
import io
import tracemalloc
import zlib

import pytest

from rag.text.unpack import PIECE, TooLarge, pieces, unpacked
from tests.bombs import packed

MB = 1 << 20


def test_what_was_packed_comes_back():
    data = bytes(range(256)) * 10_000
    parts = gzip.compress(data) + gzip.compress(b"and more") + b"\0" * 1_000
    assert b"".join(unpacked(pieces(io.BytesIO(parts)), len(data) + 8)) == data + b"and more"
    assert b"".join(unpacked([zlib.compress(data)], len(data))) == data
    assert max(map(len, unpacked([parts], 4 * MB))) <= PIECE


def test_a_bomb_takes_a_piece_of_memory():
    bomb = packed(b"\0", 400 * MB)
    assert len(bomb) < MB
    tracemalloc.start()
    with pytest.raises(TooLarge, match="it unpacks to more than 300 MB"):
        for _ in unpacked(pieces(io.BytesIO(bomb)), 300 * MB):
            pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MB


def test_damage_has_words():
    whole = gzip.compress(b"words " * 1_000)
    for bad in (whole[:-9], whole[:20], b""):
        with pytest.raises(ValueError, match="the end is missing"):
            list(unpacked([bad], MB))
    for bad in (b"no gzip at all", whole[:12] + b"\xff" * 40, whole + b"and something else"):
        with pytest.raises(ValueError, match="its compressed data is damaged"):
            list(unpacked([bad], MB))


def test_a_file_of_empty_members_ends():
    with pytest.raises(TooLarge):
        list(unpacked(pieces(io.BytesIO(gzip.compress(b"") * 100_001)), MB))
