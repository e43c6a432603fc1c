"""The table of networks that a graph can be written of, and a graph from a model's folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from onnx import TensorProto
from safetensors import SafetensorError

from rag.errors import ModelError
from rag.models.files import read_json
from rag.models.onnx import bert, modernbert
from rag.models.onnx.graph import Graph, GraphKind, opened, save
from rag.models.onnx.heads import EPSILON, Head, head_files, read_head
from rag.models.onnx.recipe import Output


class Network(Protocol):
    """Writes the layers of an architecture into a graph.

    ``typed``: tokens have a type. ``pooling`` is that of its own classification head.
    """

    typed: bool
    pooling: str

    def states(self, first_only: bool) -> str:
        """Add all layers; with ``first_only`` the last one computes the first token alone."""

    def head(self, pooled: str) -> str:
        """Add the architecture's own classification head."""


@dataclass(frozen=True, slots=True)
class _Architecture:
    """A line of the table: what writes it, and why a configuration of it cannot be written."""

    network: Callable[[Graph, Mapping[str, Any]], Network]
    unsupported: Callable[[Mapping[str, Any]], str]


_TABLE = {
    **dict.fromkeys(bert.FAMILIES, _Architecture(bert.Bert, bert.unsupported)),
    **dict.fromkeys(
        modernbert.FAMILIES, _Architecture(modernbert.ModernBert, modernbert.unsupported)
    ),
}


def unsupported(config: Mapping[str, Any]) -> str:
    """Return why this configuration cannot become a graph here, or "" if it can."""
    family = config.get("model_type")
    known = _TABLE.get(str(family))
    return known.unsupported(config) if known else f"the architecture {family!r} has no graph here"


def build(model: Path, output: Output, folder: Path, kind: GraphKind = Graph) -> None:
    """Write ``model.onnx`` and ``weights.bin`` of the model in a folder into ``folder``.

    Inputs: ``ids`` (batch, length) int32, ``types`` likewise if the model has token types, and
    ``lengths`` (batch) int64, the tokens of each row; rows are padded on the right. Output:
    ``hidden`` (batch, length, size) or ``logits`` (batch, labels), float32. Raises `ModelError`
    if the model is of another kind or the checkpoint does not fit its configuration.
    ``kind`` writes linear layers in another way than `Graph` (`rag.models.onnx.quantise`).
    """
    config = read_json(model / "config.json")
    if reason := unsupported(config):
        raise ModelError(f"{model}: {reason}")
    head = read_head(model) if output == "logits" else None
    try:
        with (
            opened(head_files(model, head)) as weights,
            (folder / "weights.bin").open("wb") as data,
        ):
            graph = kind(weights, data)
            network = _TABLE[config["model_type"]].network(graph, config)
            last = network.states(False) if output == "hidden" else _logits(graph, network, head)
            made = graph.model(last, output, network.typed)
        save(made, folder)
    except (SafetensorError, KeyError, TypeError) as error:
        raise ModelError(f"{model}: cannot be made into a graph ({error})") from error


def _logits(graph: Graph, network: Network, head: Head | None) -> str:
    pooling = head.pooling if head else network.pooling
    # A head that reads the first token alone needs no other state of the last layer.
    state = network.states(first_only=pooling == "cls")
    pooled = graph.first(state) if pooling == "cls" else _mean(graph, state)
    return _applied(graph, head, pooled) if head else network.head(pooled)


def _applied(graph: Graph, head: Head, state: str) -> str:
    for layer in head.layers:
        if layer.kind == "norm":
            state = graph.norm(f"{layer.folder}/norm", state, EPSILON)
            continue
        state = graph.linear(f"{layer.folder}/linear", state)
        if layer.activation:
            state = graph.gelu(state) if layer.activation == "Gelu" else graph.plain("Tanh", state)
    return state


def _mean(graph: Graph, state: str) -> str:
    """Return the mean state of each row's tokens, padding left out, (batch, size)."""
    axis = graph.constant("mean.axis", np.array([1]))
    last = graph.constant("mean.last", np.array([2]))
    lengths = graph.plain("Unsqueeze", "lengths", axis)
    inside = graph.plain("Less", graph.positions(), lengths)
    counted = graph.plain("Unsqueeze", graph.plain("Cast", inside, to=TensorProto.FLOAT), last)
    total = graph.plain("ReduceSum", graph.plain("Mul", state, counted), axis, keepdims=0)
    return graph.plain("Div", total, graph.plain("Cast", lengths, to=TensorProto.FLOAT))
