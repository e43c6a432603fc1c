"""HTML from Jinja2 templates, with autoescape on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from rag.text.plural import plural
from rag.text.quoting import as_it_reads


class Templates:
    """The templates of one folder.

    Every value that is not `Markup` already is escaped, without the characters that turn text
    round; an undefined name is an error. ``filters`` are functions for ``{{ value|name }}``.
    """

    def __init__(self, folder: Path, **filters: Callable[..., Any]) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_literal,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {"plural": plural, **filters}

    def render(self, name: str, /, **values: Any) -> Markup:
        """Return a template, named relative to the folder, filled in."""
        html = self._environment.get_template(name).render(values)
        return Markup(html)  # noqa: S704 - the template has escaped every value

    def macro(self, name: str, macro: str) -> Callable[..., Markup]:
        """Return a macro of a template as a function."""
        found: Callable[..., Markup] = getattr(self._environment.get_template(name).module, macro)
        return found


def _literal(value: Any) -> Any:
    return (
        as_it_reads(value) if isinstance(value, str) and not hasattr(value, "__html__") else value
    )
