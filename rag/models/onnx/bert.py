"""BERT, RoBERTa, XLM-R, CamemBERT and ELECTRA: one network with small differences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rag.models.onnx.graph import Graph

FAMILIES = ("bert", "roberta", "xlm-roberta", "camembert", "electra")
POSITIONS_AFTER_PADDING = ("roberta", "xlm-roberta", "camembert")


def unsupported(config: Mapping[str, Any]) -> str:
    """Return why this configuration cannot become a graph here, or "" if it can."""
    if config.get("hidden_act", "gelu") != "gelu":
        return f"the activation {config['hidden_act']!r} has no graph here"
    if config.get("position_embedding_type", "absolute") != "absolute":
        return "its positions are not absolute"
    return "it is a decoder" if config.get("is_decoder") else ""


class Bert:
    """Writes the network into a graph."""

    pooling = "cls"

    def __init__(self, graph: Graph, config: Mapping[str, Any]) -> None:
        self._graph, self._config = graph, config
        self._family: str = config["model_type"]
        self._epsilon = float(config.get("layer_norm_eps", 1e-12))
        self.typed = self._family not in POSITIONS_AFTER_PADDING

    def states(self, first_only: bool) -> str:
        """Add all layers; with ``first_only`` the last one computes the first token alone."""
        state = self._embeddings()
        layers = self._config["num_hidden_layers"]
        for index in range(layers):
            last = first_only and index == layers - 1
            state = self._layer(f"encoder.layer.{index}.", state, last)
        return state

    def head(self, pooled: str) -> str:
        """Add the classification head over the first token, as transformers has it per family."""
        graph = self._graph
        if self._family == "bert":
            return graph.linear(
                "classifier", graph.plain("Tanh", graph.linear("pooler.dense", pooled))
            )
        dense = graph.linear("classifier.dense", pooled)
        active = graph.gelu(dense) if self._family == "electra" else graph.plain("Tanh", dense)
        return graph.linear("classifier.out_proj", active)

    def _embeddings(self) -> str:
        graph, config = self._graph, self._config
        positions = graph.weights("embeddings.position_embeddings.weight")
        types = graph.weights("embeddings.token_type_embeddings.weight")
        if not self.typed:
            # These models number positions from the padding id + 1 and have one token type.
            positions = positions[config.get("pad_token_id", 1) + 1 :] + types[0]
        state = graph.fused(
            "EmbedLayerNormalization",
            "ids",
            "types" if self.typed else "",
            graph.constant("words", graph.weights("embeddings.word_embeddings.weight")),
            graph.constant("positions", positions),
            graph.constant("kinds", types) if self.typed else "",
            graph.weight("embeddings.LayerNorm.weight"),
            graph.weight("embeddings.LayerNorm.bias"),
            outputs=2,
            epsilon=self._epsilon,
        )
        if config.get("embedding_size", config["hidden_size"]) != config["hidden_size"]:
            return graph.linear("embeddings_project", state)
        return state

    def _layer(self, at: str, state: str, first_only: bool) -> str:
        graph = self._graph
        asking = (
            graph.plain("Gather", state, graph.constant(at + "first", np.array([0])), axis=1)
            if first_only
            else state
        )
        query, *others = [at + f"attention.self.{part}" for part in ("query", "key", "value")]
        if first_only:
            parts = [graph.linear(query, asking), *graph.linears(others, state)]
        else:
            parts = graph.linears([query, *others], state)
        heads = self._config["num_attention_heads"]
        attended = graph.plain(
            "Attention", *parts, "", "", "", "lengths", q_num_heads=heads, kv_num_heads=heads
        )
        mixed = self._residual(at + "attention.output.", attended, asking)
        active = graph.gelu(graph.linear(at + "intermediate.dense", mixed))
        return self._residual(at + "output.", active, mixed)

    def _residual(self, at: str, branch: str, state: str) -> str:
        # Not SkipLayerNormalization, whose sums are slow: it takes three times as long as these.
        total = self._graph.plain("Add", self._graph.linear(at + "dense", branch), state)
        return self._graph.norm(at + "LayerNorm", total, self._epsilon)
