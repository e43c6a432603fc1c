"""docs/settings.md out of the settings themselves: `ranklens settings --markdown`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from itertools import starmap
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from rag.settings import SECTIONS
from rag.settings.files import free

BEFORE = """\
# Settings

Every option of Ranklens. This page is written by `ranklens settings --markdown`; a test compares
the two. `ranklens settings` shows the values that hold on your machine.

Sources, later ones win: the defaults, the settings file, what the Settings page saved in the
library, the environment, the command line. Unknown names are refused. The settings file is the one
that `ranklens --config FILE …` or `RANKLENS_CONFIG` names, else `ranklens.toml` in the working
folder; `ranklens settings`, `ranklens doctor` and the Settings page name it. In the file an option
goes by its name (`pool = 100`), in the environment by the name in capitals with a prefix
(`RANKLENS_POOL=100`). An option that can be none is set to `none` in the environment. The last
column shows what an option changes: if it is *index*, documents have to be indexed again
(`ranklens reindex`).

The Settings page shows every option with its value and where that comes from. It saves those that
shape rankings and answers, and those of the log and its alerts, in the library, where they hold
for page, command line and HTTP API from the next question on. A connection to a language model
that is chosen there comes before the environment. Keys, folders, addresses of services, limits and
what shapes the index are shown only.
"""
TRUST = """\
A `ranklens.toml` that you did not name may lie in a folder that somebody else filled. It may set \
what shapes rankings with what is on this machine, and nothing else: {always}. It may set \
{sometimes} too, but to no service, language model, folder or reranker of another package."""
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
    return f"{BEFORE}\n{_trust()}\n" + "".join(tables)


def _trust() -> str:
    fields = {n: f for section in SECTIONS.values() for n, f in section.model_fields.items()}
    always, sometimes = free(fields)
    text = TRUST.format(always=_named(always), sometimes=_named(sometimes))
    return textwrap.fill(text, 100, break_on_hyphens=False)


def _named(options: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in options)


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
