"""Names and paths of files that somebody adds."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

LONGEST_NAME = 200  # characters of a document's name


def leads_outside(path: Path, folder: Path) -> bool:
    """Return whether a path below a folder is a link to what is not in that folder."""
    real = Path(os.path.realpath(path))
    return path.is_symlink() and not real.is_relative_to(os.path.realpath(folder))


def clean_name(name: str) -> str:
    """Return a name fit to be shown: NFC, one line, no control characters, not too long."""
    shown = "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFC", name))
    return " ".join(shown.replace("\\", "/").split())[-LONGEST_NAME:] or "unnamed"
