"""docs/settings.md out of the settings themselves: `ranklens settings --markdown`."""

from __future__ import annotations

from itertools import starmap
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from rag.settings import SECTIONS

BEFORE = """\
# Settings

Every option of Ranklens. This page is written by `ranklens settings --markdown`; a test compares
the two. `ranklens settings` shows the values that hold on your machine.

Sources, later ones win: the defaults, `ranklens.toml` (in the working folder, or the file that
`RANKLENS_CONFIG` names), the environment, the page or the command line. Unknown names are refused.
In `ranklens.toml` an option goes by its name (`pool = 100`), in the environment by the name in
capitals with a prefix (`RANKLENS_POOL=100`). An option that can be none is set to `none` in the
environment. The last column shows what an option changes: if it is *index*, documents have to be
indexed again (`ranklens reindex`).
"""
HEAD = """
| option | values | default | what it does | changes |
| --- | --- | --- | --- | --- |
"""
FOLDERS = {"library": "the user's data folder", "cache": "the user's cache folder"}


def markdown_page() -> str:
    """Return the page; the same on every machine, whatever is set there."""
    tables = (
        f"\n## {title}\n{HEAD}" + "".join(starmap(_row, section.model_fields.items()))
        for title, section in SECTIONS.items()
    )
    return BEFORE + "".join(tables)


def _row(name: str, field: FieldInfo) -> str:
    extra = field.json_schema_extra
    changes = extra.get("shapes", "") if isinstance(extra, dict) else ""
    cells = (f"`{name}`", _values(field), _default(name, field), field.description or "", changes)
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |\n"


def _values(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(field.annotation))
    kind = next(a for a in (*get_args(field.annotation), field.annotation) if a is not type(None))
    names = {"str": "text", "int": "whole number", "float": "number", "Path": "folder"}
    words = [names.get(kind.__name__, "secret" if kind is SecretStr else kind.__name__)]
    words += [_limit(limit) for limit in field.metadata]
    return " ".join(word for word in words if word)


def _limit(limit: Any) -> str:
    match limit:
        case Ge(ge=low):
            return f"from {low}"
        case Gt(gt=low):
            return f"above {low}"
        case Le(le=high):
            return f"to {high}"
        case Lt(lt=high):
            return f"below {high}"
    return ""


def _default(name: str, field: FieldInfo) -> str:
    if name in FOLDERS:
        return FOLDERS[name]
    if isinstance(field.default, SecretStr) or field.default == "":
        return ""
    return "none" if field.default is None else f"`{field.default}`"
