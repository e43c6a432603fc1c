"""How an option is declared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

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

    A ``trusted`` one decides where text and keys go, what is opened, or whose code runs: a settings
    file that nobody named may not set it. A function says so of one value.
    """
    extra: Any = {"shapes": shapes, "trusted": trusted}
    return Field(default, description=description, json_schema_extra=extra, **limits)


def _address(value: str) -> str:
    value = value.strip()
    if not all(sign.isprintable() and not sign.isspace() for sign in value):
        raise ValueError("an address has no spaces and no control characters in it")
    return value


Address = Annotated[str, AfterValidator(_address)]


class Section(BaseModel):
    """A group of options; the settings are all groups together. Instances never change."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())
