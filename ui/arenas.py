"""Fewer pools of memory for the threads of the server: under load it takes half as much."""

from __future__ import annotations

import ctypes
import os

ARENAS = 2  # glibc has eight for each processor, and each keeps what its threads have freed
_M_ARENA_MAX = -8  # of malloc.h


def limit() -> bool:
    """Limit glibc's arenas, unless ``MALLOC_ARENA_MAX`` does; False without glibc."""
    if "MALLOC_ARENA_MAX" in os.environ:
        return True
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    return mallopt is not None and bool(mallopt(_M_ARENA_MAX, ARENAS))
