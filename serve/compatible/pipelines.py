"""What the ``model`` of a request chooses: the library's settings, or a pipeline by name."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from rag.settings import from_visitor
from ranklens import Library, comparing

OWN = "ranklens"
ModelName = Annotated[
    str,
    Field(
        description="`ranklens` for the library's settings, a saved pipeline, or a reranker.",
        examples=[OWN],
    ),
]


def options_of(library: Library, model: str) -> dict[str, Any]:
    """Return the options of a pipeline in which it differs from the library's settings.

    Raises `SettingsError` if it names what a caller may not choose.
    """
    settings = library.settings
    if model in ("", OWN):
        return {}
    if "=" in model or model in comparing.saved_pipelines(settings):
        (options,) = comparing.resolve(settings, [model]).values()
        return dict(options)
    return from_visitor(settings, {"reranker": model})


def model_names(library: Library) -> list[str]:
    """Return the names that `options_of` knows; further ones are made of them."""
    names = comparing.pipeline_names(library.settings)
    return [OWN, *(name for name in names if name != comparing.CURRENT)]
