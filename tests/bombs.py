"""Generators of small files that hold much."""

from __future__ import annotations

import zlib


def packed(repeated: bytes, size: int, before: bytes = b"", after: bytes = b"") -> bytes:
    """Return gzip of ``repeated``, ``size`` bytes of it, between two other texts."""
    packer = zlib.compressobj(wbits=31)
    block = repeated * max(1, (1 << 20) // len(repeated))
    texts = [before, *[block] * (size // len(block)), after]
    return b"".join([*map(packer.compress, texts), packer.flush()])
