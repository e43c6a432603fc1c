"""ModernBERT (Warner et al., "Smarter, Better, Faster, Longer", 2024), as transformers has it.

Layers normalise before they compute (the first one's attention does not). Every third layer attends
to all tokens, the others to a window around each token, and the two kinds turn queries and keys by
positions of different bases (RoPE). The feed-forward part is gated (GeGLU), and few models have
biases. Ettin's rerankers, gte-reranker-modernbert-base and granite-embedding-reranker are of this
shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rag.models.onnx.graph import Graph

FAMILIES = ("modernbert",)
BASES = {"full_attention": 160_000.0, "sliding_attention": 10_000.0}
_OLD_BASES = {"full_attention": "global_rope_theta", "sliding_attention": "local_rope_theta"}


def unsupported(config: Mapping[str, Any]) -> str:
    """Return why this configuration cannot become a graph here, or "" if it can."""
    for name in ("hidden_activation", "classifier_activation"):
        if config.get(name, "gelu") != "gelu":
            return f"the activation {config[name]!r} has no graph here"
    rope = (config.get("rope_parameters") or {}).values()
    kinds = {part.get("rope_type", "default") for part in rope if part}
    if config.get("rope_scaling") or kinds - {"default"}:
        return "its positions are scaled"
    if others := set(_layer_kinds(config)) - set(BASES):
        return f"its layers are {', '.join(sorted(others))}"
    pooling = config.get("classifier_pooling", "cls")
    return "" if pooling in ("cls", "mean") else f"its pooling is {pooling!r}"


class ModernBert:
    """Writes the network into a graph."""

    typed = False

    def __init__(self, graph: Graph, config: Mapping[str, Any]) -> None:
        self._graph, self._config = graph, config
        self._epsilon = float(config.get("norm_eps", 1e-5))
        self._heads = int(config["num_attention_heads"])
        self._kinds = _layer_kinds(config)
        self.pooling: str = config.get("classifier_pooling", "cls")

    def states(self, first_only: bool) -> str:
        """Add all layers; with ``first_only`` the last one computes the first token alone."""
        graph = self._graph
        words = graph.weight("embeddings.tok_embeddings.weight")
        state = graph.norm("embeddings.norm", graph.plain("Gather", words, "ids"), self._epsilon)
        places = self._places()
        turns = {kind: self._turn(kind) for kind in set(self._kinds)}
        masks = {"full_attention": "", "sliding_attention": self._window()}
        for index, kind in enumerate(self._kinds):
            last = first_only and index == len(self._kinds) - 1
            around = (*turns[kind], places), masks[kind]
            state = self._layer(f"layers.{index}.", state, *around, first_only=last)
        return graph.norm("final_norm", state, self._epsilon)

    def head(self, pooled: str) -> str:
        """Add the classification head of transformers."""
        graph = self._graph
        dense = graph.gelu(graph.linear("head.dense", pooled))
        return graph.linear("classifier", graph.norm("head.norm", dense, self._epsilon))

    def _layer(
        self, at: str, state: str, turn: tuple[str, ...], mask: str, first_only: bool
    ) -> str:
        graph = self._graph
        read = state if at == "layers.0." else graph.norm(at + "attn_norm", state, self._epsilon)
        query, key, value = graph.split(graph.linear(at + "attn.Wqkv", read), 3)
        if first_only:
            # Position 0 is turned by nothing.
            zero = graph.constant(at + "zero", np.array([0]))
            query, state = (graph.plain("Gather", one, zero, axis=1) for one in (query, state))
            mask = mask and graph.plain("Gather", mask, zero, axis=0)
        else:
            query = self._turned(query, turn)
        attended = graph.plain(
            "Attention", query, self._turned(key, turn), value, mask, "", "", "lengths",
            q_num_heads=self._heads, kv_num_heads=self._heads,
        )  # fmt: skip
        state = graph.plain("Add", state, graph.linear(at + "attn.Wo", attended))
        read = graph.norm(at + "mlp_norm", state, self._epsilon)
        value, gate = graph.split(graph.linear(at + "mlp.Wi", read), 2)
        active = graph.plain("Mul", graph.gelu(value), gate)
        return graph.plain("Add", state, graph.linear(at + "mlp.Wo", active))

    def _turned(self, state: str, turn: tuple[str, ...]) -> str:
        return self._graph.plain("RotaryEmbedding", state, *turn, num_heads=self._heads)

    def _turn(self, kind: str) -> tuple[str, str]:
        """Store the cosines and sines of every position, (positions, half a head)."""
        size = self._config["hidden_size"] // self._heads
        steps = np.arange(0, size, 2, dtype=np.float32) / size
        speeds = 1 / (np.float32(_base(self._config, kind)) ** steps)
        count = self._config.get("max_position_embeddings", 8192)
        angles = np.arange(count, dtype=np.float32)[:, None] * speeds
        graph = self._graph
        return graph.constant(f"{kind}.cos", np.cos(angles)), graph.constant(
            f"{kind}.sin", np.sin(angles)
        )

    def _places(self) -> str:
        """Add the positions of the tokens, (batch, length)."""
        graph = self._graph
        return graph.plain("Expand", graph.positions(), graph.plain("Shape", "ids"))

    def _window(self) -> str:
        """Add what may attend to what in the layers with a window, (length, length)."""
        graph, reach = self._graph, self._config.get("local_attention", 128) // 2
        axis = graph.constant("window.axis", np.array([1]))
        places = graph.positions()
        apart = graph.plain("Sub", graph.plain("Unsqueeze", places, axis), places)
        most = graph.constant("window.reach", np.array(reach))
        return graph.plain("LessOrEqual", graph.plain("Abs", apart), most)


def _layer_kinds(config: Mapping[str, Any]) -> list[str]:
    every = config.get("global_attn_every_n_layers", 3)
    count = config["num_hidden_layers"]
    usual = ["sliding_attention" if n % every else "full_attention" for n in range(count)]
    return list(config.get("layer_types") or usual)


def _base(config: Mapping[str, Any], kind: str) -> float:
    """Return the base of a kind of layer; newer configurations name it elsewhere than older."""
    rope = (config.get("rope_parameters") or {}).get(kind) or {}
    return float(rope.get("rope_theta") or config.get(_OLD_BASES[kind]) or BASES[kind])
