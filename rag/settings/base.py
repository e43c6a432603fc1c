"""How an option is declared."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

SHAPES_INDEX = "index"
SHAPES_RANKING = "ranking"
SHAPES_ANSWER = "answer"


def option(default: Any, description: str, shapes: str = "", **limits: Any) -> Any:
    """Declare an option. ``shapes`` is what it changes: the index, a ranking, an answer."""
    return Field(default, description=description, json_schema_extra={"shapes": shapes}, **limits)


def _address(value: str) -> str:
    value = value.strip()
    if not all(sign.isprintable() and not sign.isspace() for sign in value):
        raise ValueError("an address has no spaces and no control characters in it")
    return value


Address = Annotated[str, AfterValidator(_address)]


class Section(BaseModel):
    """A group of options; the settings are all groups together. Instances never change."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())
