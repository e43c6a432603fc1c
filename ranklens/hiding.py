"""What others are not shown of the server: folders, and addresses of services that it uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from rag.settings import Settings
from rag.settings.addresses import without_login

Replacement = tuple[re.Pattern[bytes], bytes]


def hidden(text: str, settings: Settings, *more: Mapping[str, Any]) -> str:
    """Return text in which a folder has its last name alone and an address none.

    Those of the settings, and of ``more`` values of options, as a trace holds them.
    """
    data = text.encode()
    for place, shown in replacements(settings, *more):
        data = place.sub(shown.replace(b"\\", rb"\\"), data)
    return data.decode()


def replacements(settings: Settings, *more: Mapping[str, Any]) -> Iterator[Replacement]:
    """Yield what is replaced by what, the longest first."""
    found: dict[str, str] = {}
    for value in (*_changed(settings), *(one for values in more for one in values.values())):
        if isinstance(value, SecretStr):
            value = value.get_secret_value() if "://" in value.get_secret_value() else ""
        if isinstance(value, str | Path):
            for part in re.split(r"[>+,\s]", str(value)):
                found |= _forms(part)
    for place in sorted(found, key=len, reverse=True):
        literal = re.escape(place.encode())
        if not found[place]:
            yield re.compile(b'"' + literal + b'/?"'), b'""'
        # Not within a longer path or address.
        pattern = re.compile(rb"(?<![\w/.:-])" + literal + rb"(?![\w-])")
        yield pattern, (found[place] or "address hidden").encode()


def _changed(settings: Settings) -> Iterator[Any]:
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if value != field.default:
            yield value


def _forms(part: str) -> dict[str, str]:
    """Return the forms in which a part of an option's value may be shown, and what stands there."""
    if "://" in part:
        plain = without_login(part)
        split = urlsplit(plain)
        origin = f"{split.scheme}://{split.netloc}"
        host = split.netloc if ":" in split.netloc else ""
        within = f"{host}{split.path}" if host else ""  # as a database is named
        forms = (part, plain, plain.rstrip("/"), origin, within.rstrip("/"), host)
        return {form: "" for form in forms if form}
    if part.startswith(("/", "./", "../", "~")) and Path(part).name:
        return {part: Path(part).name, str(Path(part).expanduser().absolute()): Path(part).name}
    return {}
