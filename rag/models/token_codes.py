"""Token vectors in a few bits: turned at random, then each coordinate to one of a few levels.

A random rotation makes every coordinate of a unit vector nearly normal with variance 1 / size, so
that fixed levels fit any encoder, nothing is trained, and every library reads every other's codes
(the idea of RaBitQ: Gao and Long, SIGMOD 2024; the levels are those of Max, 1960). Levels are
scaled so that the dot product with a vector that was not compressed is right on average: scores
of kept and of freshly encoded passages can stand in one ranking.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]

BITS = 2
NAME = f"rotated, {BITS} bits"
# The best four levels for a normal variable, the bound between the inner and the outer ones, and
# the share of a vector's length that they keep.
INNER, OUTER, BOUND, KEPT = 0.4528, 1.5104, 0.9816, 0.8825
PER_BYTE = 8 // BITS


class TokenCodes:
    """Packs unit rows of one size into bytes; see `token_codes`."""

    def __init__(self, size: int) -> None:
        self.bytes_a_token = -(-size // PER_BYTE)
        self._size = size
        self._rotation = _rotation(size)
        levels = np.array([-OUTER, -INNER, INNER, OUTER]) / KEPT / np.sqrt(size)
        bytes_ = np.arange(256)
        parts = [(bytes_ >> (BITS * place)) & 3 for place in range(PER_BYTE)]
        self._levels: Matrix = np.stack([levels[part] for part in parts], 1).astype(np.float32)

    def turn(self, rows: Matrix) -> Matrix:
        """Return rows (n, size) in the basis of `unpack`'s, filled up with zeros."""
        turned = np.zeros((len(rows), self.bytes_a_token * PER_BYTE), dtype=np.float32)
        turned[:, : self._size] = rows @ self._rotation
        return turned

    def pack(self, rows: Matrix) -> bytes:
        """Return the codes of unit rows (n, size), `bytes_a_token` each."""
        turned, bound = self.turn(rows), np.float32(BOUND / np.sqrt(self._size))
        codes = (turned > -bound).view(np.uint8)
        codes += (turned > 0).view(np.uint8)
        codes += (turned > bound).view(np.uint8)
        # Four codes stand in a word, the first in its lowest byte; shifted, they share that byte.
        words = codes.view("<u4")
        packed: NDArray[np.uint8] = (words | words >> 6 | words >> 12 | words >> 18).astype(
            np.uint8
        )
        return packed.tobytes()

    def unpack(self, packed: Sequence[bytes]) -> tuple[Matrix, list[int]]:
        """Return the approximate rows of all passages, turned, and how many each passage has."""
        joined = np.frombuffer(b"".join(packed), dtype=np.uint8)
        rows = np.take(self._levels, joined, axis=0).reshape(-1, self.bytes_a_token * PER_BYTE)
        return rows, [len(codes) // self.bytes_a_token for codes in packed]


@cache
def token_codes(size: int) -> TokenCodes:
    """Return the codes for vectors of ``size`` coordinates."""
    return TokenCodes(size)


def _rotation(size: int) -> Matrix:
    """Return an orthogonal matrix: cosine transforms with random signs, the same everywhere."""
    steps = np.arange(size)
    cosines = np.sqrt(2 / size) * np.cos(np.pi * np.outer(steps + 0.5, steps) / size)
    cosines[:, 0] /= np.sqrt(2)
    # The bits of a bit generator stay the same in every version of numpy, drawn numbers may not.
    bits = np.random.PCG64(384).random_raw(2 * size) & np.uint64(1)
    signs = 2.0 * bits.reshape(2, size, 1).astype(np.float64) - 1
    turned: Matrix = (signs[0] * cosines @ (signs[1] * cosines)).astype(np.float32)
    return turned
