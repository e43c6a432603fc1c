"""Values that stand in files which the environment names, as orchestrators hand over secrets.

``RANKLENS_TEI_KEY_FILE=/run/secrets/tei_key`` is `RANKLENS_TEI_KEY` with the file's content.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from rag.errors import SettingsError

SUFFIX = "_FILE"
MOST_BYTES = 10_000


def values_in_files(prefix: str, options: Iterable[str]) -> dict[str, str]:
    """Return the options whose values stand in files, without white space around them.

    Raises `SettingsError` if a file cannot be read, or the option is set in both ways.
    """
    found = {}
    for name in options:
        variable = f"{prefix}{name.upper()}"
        if path := os.environ.get(variable + SUFFIX):
            if variable in os.environ:
                raise SettingsError(f"{variable} and {variable}{SUFFIX} are both set; remove one")
            found[name] = _content(variable + SUFFIX, Path(path))
    return found


def _content(variable: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise SettingsError(f"{variable}: {path} is no value: it has more than 10 kB")
        return raw.decode().strip()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SettingsError(f"{variable}: {path} cannot be read: {why}") from None
