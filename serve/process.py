"""What the server's process is set to: less memory and shorter waits for its many threads."""

from __future__ import annotations

import ctypes
import os
import sys

ARENAS = 2  # glibc has eight for each processor, and each keeps what its threads have freed
# A question takes Python's lock a dozen times. While a document is indexed it waited up to 5 ms
# each time, which is Python's default: p95 of a search 66 ms, with this 46.
SWITCH_SECONDS = 0.0005
_M_ARENA_MAX = -8  # of malloc.h


def prepare() -> None:
    """Set up the process; called once, before its threads start."""
    limit_arenas()
    sys.setswitchinterval(SWITCH_SECONDS)


def limit_arenas() -> bool:
    """Limit glibc's pools of memory: under load the server takes half as much.

    Returns False without glibc. A limit of the user's own, in ``MALLOC_ARENA_MAX``, stays.
    """
    if "MALLOC_ARENA_MAX" in os.environ:
        return True
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    return mallopt is not None and bool(mallopt(_M_ARENA_MAX, ARENAS))
