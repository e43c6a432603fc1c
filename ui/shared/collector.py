"""What stays for as long as the server runs is spared by the garbage collector.

Streamlit has all objects collected after every run of a page. With the modules, models and indexes
of this program among them, that took most of a page's time: 180 ms.
"""

from __future__ import annotations

import gc

_spared: set[str] = set()


def spare(name: str) -> None:
    """Spare what is there now, once for each name: a page's modules, what the warm-up loaded."""
    if name not in _spared:
        _spared.add(name)
        gc.collect()
        gc.freeze()
