"""How an option is declared."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from rag.settings.addresses import without_login

SHAPES_INDEX = "index"
SHAPES_RANKING = "ranking"
SHAPES_ANSWER = "answer"


def option(
    default: Any,
    description: str,
    shapes: str = "",
    trusted: bool | Callable[[Any], bool] = False,
    **limits: Any,
) -> Any:
    """Declare an option. ``shapes`` is what it changes: the index, a ranking, an answer.

    A ``trusted`` one decides where text and keys go, what is opened, or whose code runs: no visitor
    and no settings file that nobody named may set it. A function says so of one value, for the
    file. The file may set only what `rag.settings.files.FREE` lists.
    """
    extra: Any = {"shapes": shapes, "trusted": trusted}
    return Field(default, description=description, json_schema_extra=extra, **limits)


def shown(name: str, value: Any) -> Any:
    """Return an option's value without the credentials that an address (``…_url``) may hold."""
    return without_login(value) if name.endswith("_url") and isinstance(value, str) else value


class Section(BaseModel):
    """A group of options; the settings are all groups together. Instances never change."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", protected_namespaces=(), hide_input_in_errors=True
    )

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Hide the credentials that an address may hold."""
        return ((name, shown(name or "", value)) for name, value in super().__repr_args__())
