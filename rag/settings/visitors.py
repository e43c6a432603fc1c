"""What may be set by somebody who is not the owner of the settings: on a page, in a file, a trace.

These are options that shape a ranking or an answer. None of them names an address, a key, a folder,
prompts or code; those are the owner's (`ranklens.toml`, the environment, the command line, Python).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rag.errors import SettingsError
from rag.settings.base import SHAPES_ANSWER, SHAPES_RANKING
from rag.settings.files import trusted
from rag.settings.models import names_folder

if TYPE_CHECKING:
    from rag.settings import Settings

LONGEST = 500  # characters of a value; a reranker's name may nest others
_NAMING = ("cross_encoder", "reranker", "rerank_fallbacks")  # these name models
_JOINTS = re.compile(r"[:>+,]")


def from_visitor(settings: Settings, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return a visitor's options, checked; raises `SettingsError` that names what is not allowed.

    A model in a folder may be chosen only if the settings name it: any other path would be opened
    for whoever types it.
    """
    allowed = visitors_options(settings)
    own = {part for name in _NAMING for part in _parts(getattr(settings, name))}
    for name, value in options.items():
        if name not in type(settings).model_fields:
            continue  # `updated` names the nearest one
        if name not in allowed:
            raise SettingsError(
                f"option {name} cannot be set here: it is no option that shapes a ranking, or it "
                "decides what is opened or called. Set it in ranklens.toml or in the environment"
            )
        if len(str(value)) > LONGEST:
            raise SettingsError(f"option {name}: more than {LONGEST} characters")
        foreign = {part for part in _parts(value) if names_folder(part)} - own
        if name in _NAMING and foreign:
            raise SettingsError(
                f"option {name}: a model in a folder can be chosen here only if ranklens.toml or "
                "the environment names it; others go by their id (`ranklens models` lists them)"
            )
    settings.updated(**options)
    return dict(options)


def from_trace(settings: Settings, recorded: Mapping[str, Any]) -> dict[str, Any]:
    """Return of what a trace or a saved ranking was made with what a visitor may set.

    Only what shapes a ranking is taken. Raises `SettingsError` as `from_visitor` does.
    """
    names = settings.shaping(SHAPES_RANKING).keys() & visitors_options(settings)
    return from_visitor(settings, {n: value for n, value in recorded.items() if n in names})


def visitors_options(settings: Settings) -> frozenset[str]:
    """Return the names of the options that a visitor may set."""
    shaping = settings.shaping(SHAPES_RANKING, SHAPES_ANSWER).keys()
    return frozenset(shaping - trusted(type(settings).model_fields))


def _parts(value: Any) -> list[str]:
    """Return the names in a reranker's (``cascade:A>B``), or a model's."""
    return [part.strip() for part in _JOINTS.split(str(value))]
