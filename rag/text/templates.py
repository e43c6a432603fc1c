"""HTML from Jinja2 templates, with autoescape on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from rag.text.plural import plural
from rag.text.quoting import as_it_reads


class Templates:
    """The templates of one folder.

    Every value that is not `Markup` already is escaped, without the characters that turn text
    round; an undefined name is an error.
    """

    def __init__(self, folder: Path) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_literal,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["plural"] = plural

    def render(self, name: str, **values: Any) -> Markup:
        """Return a template, named relative to the folder, filled in."""
        return Markup(self._environment.get_template(name).render(values))


def _literal(value: Any) -> Any:
    return (
        as_it_reads(value) if isinstance(value, str) and not hasattr(value, "__html__") else value
    )
