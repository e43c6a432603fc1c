"""Addresses: their origin, which keys are bound to, and the credentials that they may hold."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator

_LOGIN = re.compile(r"^((?:[\w+.-]*:?//)?)[^/?#]*@")
_LOGIN_SOMEWHERE = re.compile(r"^((?:[\w+.-]*:?//)?).*@")
_PORTS = {"http": 80, "https": 443}


def _checked(value: str) -> str:
    value = value.strip()
    if not all(sign.isprintable() and not sign.isspace() for sign in value):
        raise ValueError("an address has no spaces and no control characters in it")
    return value


Address = Annotated[str, AfterValidator(_checked)]


def origin(address: str) -> str:
    """Return scheme, host and port; an address that cannot be read is an origin of its own."""
    try:
        parts = urlsplit(address.strip())
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return address
    return f"{parts.scheme}://{parts.hostname or ''}:{port}"


def without_login(address: str) -> str:
    """Return an address without the name and password that it may hold, to be shown and called."""
    try:
        urlsplit(address).port  # noqa: B018 - raises if the address cannot be read
    except ValueError:
        # Where its parts end is not known, so nothing up to the last @ is shown.
        return _LOGIN_SOMEWHERE.sub(r"\1", address)
    return _LOGIN.sub(r"\1", address)


def login(address: str) -> tuple[str, str] | None:
    """Return the name and password that an address holds, None if it holds none."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if parts.username is None:
        return None
    return unquote(parts.username), unquote(parts.password or "")
