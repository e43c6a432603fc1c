"""Who may open the page."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from rag.settings.base import Section, option


def _hosts(value: str) -> str:
    if any(sign in value for sign in "/*@?#:"):
        raise ValueError("give host names separated by commas, without http://, ports, paths and *")
    return value.lower()


class PageSettings(Section):
    """Who may open the page."""

    page_hosts: Annotated[str, AfterValidator(_hosts)] = option(
        "",
        "Host names, separated by commas, that the page answers to besides 127.0.0.1 and "
        "localhost: those under which your reverse proxy serves it (docs/security.md).",
        trusted=True,
    )

    def hosts(self) -> tuple[str, ...]:
        """Return the names of `page_hosts`."""
        names = (name.strip() for name in self.page_hosts.split(","))
        return tuple(name for name in names if name)
