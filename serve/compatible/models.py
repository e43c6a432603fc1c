"""OpenAI's list of models, which is the library's pipelines and its encoder; and what they need."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from rag.errors import NotThere
from ranklens import Library, models
from serve.bodies import ApiRoute
from serve.compatible.pipelines import model_names
from serve.dependencies import Opened

router = APIRouter(prefix="/v1/models", tags=["compatible"], route_class=ApiRoute)


class ModelRow(BaseModel):
    """A pipeline, a reranker or the encoder."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "ranklens"


class ModelList(BaseModel):
    """What can be named as `model`; all models and rerankers, and what of them is here."""

    object: Literal["list"] = "list"
    data: list[ModelRow]
    models: list[dict[str, Any]]
    rerankers: list[dict[str, Any]]


@router.get("", summary="List pipelines and the encoder (OpenAI's API)")
def list_models(library: Opened) -> ModelList:
    """List what chat and reranking take as `model`, and last the encoder of `embeddings`.

    `models` and `rerankers` show what else there is, and what keeps it from running here.
    """
    rows = [ModelRow(id=name) for name in _names(library)]
    return ModelList(data=rows, **models.as_json(library.settings))


@router.get("/{name:path}", summary="One of these (OpenAI's API)")
def get_model(name: str, library: Opened) -> ModelRow:
    """Return one of the models."""
    if name not in (*_names(library), library.encoder.name.rpartition("/")[2]):
        raise NotThere(f"there is no model {name[:100]!r}; GET /v1/models lists them")
    return ModelRow(id=name)


def _names(library: Library) -> list[str]:
    return [*model_names(library), library.encoder.name]
