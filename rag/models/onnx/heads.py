"""The modules behind a network that turn its states into a logit, from a model's files.

Sentence-transformers keeps a cross-encoder's head either in the checkpoint itself, as transformers
does, or as modules in folders beside it: pooling, then dense layers and normalisations.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rag.errors import ModelError
from rag.models.files import read_any_json, read_json, read_optional
from rag.models.onnx.recipe import WEIGHTS, Pooling, pooling_of

MODULES = "modules.json"
ACTIVATIONS = {
    "torch.nn.modules.activation.GELU": "Gelu",
    "torch.nn.modules.activation.Tanh": "Tanh",
    "torch.nn.modules.linear.Identity": "",
}
EPSILON = 1e-5  # torch's own for LayerNorm


@dataclass(frozen=True, slots=True)
class HeadLayer:
    """A layer with its weights in a folder; ``activation`` is ONNX's name or nothing."""

    kind: Literal["dense", "norm"]
    folder: str
    activation: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """How states become one vector, and the layers behind it."""

    pooling: Pooling
    layers: tuple[HeadLayer, ...]


def has_head(folder: Path) -> bool:
    """Return whether the last of a model's modules gives scores."""
    path = folder / MODULES
    listed = read_any_json(path) if path.is_file() else []
    if not isinstance(listed, list) or len(listed) < 2 or not isinstance(listed[-1], dict):
        return False
    kind, place = _kind(listed[-1]), str(listed[-1].get("path"))
    own = read_optional(folder / place / "config.json")
    return kind == "LogitScore" or (kind == "Dense" and own.get("module_output_name") == "scores")


def read_head(folder: Path) -> Head | None:
    """Read the modules behind the network, None if the checkpoint has the head itself.

    Raises `ModelError` if a module is none that a graph can be made of.
    """
    path = folder / MODULES
    listed = read_any_json(path) if path.is_file() else []
    kinds = [_kind(one) for one in listed]
    if kinds in ([], ["Transformer"]):
        return None
    if kinds[:2] != ["Transformer", "Pooling"] or not has_head(folder):
        raise ModelError(f"{folder}: its modules are {', '.join(kinds)}")
    places = [str(one.get("path")) for one in listed]
    pooling = pooling_of(folder, read_optional(folder / places[1] / "config.json"))
    layers = [_layer(folder, *pair) for pair in zip(kinds[2:], places[2:], strict=True)]
    return Head(pooling, tuple(layers))


def head_files(folder: Path, head: Head | None) -> dict[str, Path]:
    """Return every file of weights by its folder, "" for the checkpoint's.

    Raises `ModelError` if one is not there.
    """
    places = ("", *(layer.folder for layer in head.layers)) if head else ("",)
    files = {place: folder / place / WEIGHTS for place in places}
    for path in files.values():
        if not path.is_file():
            raise ModelError(f"{path.parent}: has no {path.name}")
    return files


def _layer(folder: Path, kind: str, place: str) -> HeadLayer:
    if kind == "LayerNorm":
        return HeadLayer("norm", place)
    if kind != "Dense":
        raise ModelError(f"{folder}: the module {kind} has no graph here")
    own = read_json(folder / place / "config.json")
    activation = str(own.get("activation_function"))
    usual = ("sentence_embedding", "scores", None)
    if activation not in ACTIVATIONS or own.get("use_residual"):
        raise ModelError(f"{folder}: its module {place} has no graph here ({activation})")
    reads, writes = own.get("module_input_name", usual[0]), own.get("module_output_name")
    if reads != usual[0] or writes not in usual:
        raise ModelError(f"{folder}: its module {place} reads or writes something else")
    return HeadLayer("dense", place, ACTIVATIONS[activation])


def _kind(module: Any) -> str:
    return str(module.get("type") if isinstance(module, dict) else module).rpartition(".")[2]
