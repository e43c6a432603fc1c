"""Build an ONNX graph from a BERT-shaped checkpoint, without torch.

BERT, RoBERTa, XLM-R, CamemBERT and ELECTRA are one network with small differences, so the graph is
written straight from ``model.safetensors`` in ONNX's Attention and ONNX Runtime's own operators
(Gelu, EmbedLayerNormalization; see ContribOperators.md in its sources).
Weights go to a file of their own beside the graph, which ONNX Runtime maps and which has no 2 GB
limit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, save_model
from safetensors import SafetensorError, safe_open

from rag.errors import ModelError
from rag.models.files import read_json
from rag.models.onnx.recipe import WEIGHTS, Output

FAMILIES = ("bert", "roberta", "xlm-roberta", "camembert", "electra")
POSITIONS_AFTER_PADDING = ("roberta", "xlm-roberta", "camembert")
SMALL = 64  # bytes
Weights = Callable[[str], NDArray[np.float32]]
GraphKind = Callable[[Mapping[str, Any], Weights, BinaryIO], "Graph"]


def unsupported(config: Mapping[str, Any]) -> str:
    """Return why this configuration cannot become a graph here, or "" if it can."""
    if config.get("model_type") not in FAMILIES:
        return f"the architecture {config.get('model_type')!r} has no graph here"
    if config.get("hidden_act", "gelu") != "gelu":
        return f"the activation {config['hidden_act']!r} has no graph here"
    if config.get("position_embedding_type", "absolute") != "absolute":
        return "its positions are not absolute"
    return "it is a decoder" if config.get("is_decoder") else ""


def build(model: Path, output: Output, folder: Path, kind: GraphKind | None = None) -> None:
    """Write ``model.onnx`` and ``weights.bin`` of the model in a folder into ``folder``.

    Inputs: ``ids`` (batch, length) int32, ``types`` likewise if the model has token types, and
    ``lengths`` (batch) int64, the tokens of each row; rows are padded on the right. Output:
    ``hidden`` (batch, length, size) or ``logits`` (batch, labels), float32. Raises `ModelError`
    if the model is of another kind or the checkpoint does not fit its configuration.
    ``kind`` writes linear layers in another way than `Graph` (`rag.models.onnx.quantise`).
    """
    config, weights = read_json(model / "config.json"), model / WEIGHTS
    if reason := unsupported(config):
        raise ModelError(f"{model}: {reason}")
    try:
        with (
            safe_open(str(weights), "np") as tensors,
            (folder / "weights.bin").open("wb") as data,
        ):
            made = (kind or Graph)(config, weights_of(tensors), data).model(output)
        save_model(made, str(folder / "model.onnx"))
    except (SafetensorError, KeyError, TypeError) as error:
        raise ModelError(f"{weights}: cannot be made into a graph ({error})") from error


def weights_of(tensors: Any) -> Weights:
    """Return a reader of an open safetensors file; raises `KeyError` on an unknown name."""
    names = set(tensors.keys())
    anchor = "embeddings.word_embeddings.weight"
    prefix = next((n.removesuffix(anchor) for n in names if n.endswith(anchor)), "")

    def read(name: str) -> NDArray[np.float32]:
        found = name if name.startswith("classifier.") else prefix + name
        if found not in names:
            raise KeyError(f"no tensor {found}")
        array: NDArray[np.float32] = tensors.get_tensor(found).astype(np.float32, copy=False)
        return array

    return read


class Graph:
    """Nodes and initialisers of one graph; every method returns the name of what it computed."""

    def __init__(self, config: Mapping[str, Any], weights: Weights, data: BinaryIO) -> None:
        self.config, self.weights, self.data = config, weights, data
        self.family: str = config["model_type"]
        self.epsilon = float(config.get("layer_norm_eps", 1e-12))
        self.typed = self.family not in POSITIONS_AFTER_PADDING
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def model(self, output: Output) -> ModelProto:
        """Return the whole network up to ``output``."""
        state = self._embeddings()
        layers = self.config["num_hidden_layers"]
        for index in range(layers):
            # The head reads the first token alone.
            first_only = output == "logits" and index == layers - 1
            state = self._layer(f"encoder.layer.{index}.", state, first_only)
        last = self._head(state) if output == "logits" else state
        self.nodes.append(helper.make_node("Identity", [last], [output]))
        shape = ["batch", "labels"] if output == "logits" else ["batch", "length", "size"]
        names = ["ids", "types"] if self.typed else ["ids"]
        shaped = ["batch", "length"]
        inputs = [helper.make_tensor_value_info(n, TensorProto.INT32, shaped) for n in names]
        inputs.append(helper.make_tensor_value_info("lengths", TensorProto.INT64, ["batch"]))
        outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)]
        graph = helper.make_graph(self.nodes, self.family, inputs, outputs, self.constants)
        opsets = [helper.make_opsetid("", 24), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=11)

    def _embeddings(self) -> str:
        positions = self.weights("embeddings.position_embeddings.weight")
        types = self.weights("embeddings.token_type_embeddings.weight")
        if not self.typed:
            # These models number positions from the padding id + 1 and have one token type.
            positions = positions[self.config.get("pad_token_id", 1) + 1 :] + types[0]
        state = self._fused(
            "EmbedLayerNormalization",
            "ids",
            "types" if self.typed else "",
            self._constant("words", self.weights("embeddings.word_embeddings.weight")),
            self._constant("positions", positions),
            self._constant("kinds", types) if self.typed else "",
            self._weight("embeddings.LayerNorm.weight"),
            self._weight("embeddings.LayerNorm.bias"),
            outputs=2,
            epsilon=self.epsilon,
        )
        if (
            self.config.get("embedding_size", self.config["hidden_size"])
            != (self.config["hidden_size"])
        ):
            return self._linear("embeddings_project", state)
        return state

    def _layer(self, at: str, state: str, first_only: bool = False) -> str:
        """Add a layer; with ``first_only`` it computes the first token's state and no other."""
        asking = (
            self._plain("Gather", state, self._constant(at + "first", np.array([0])), axis=1)
            if first_only
            else state
        )
        query, *others = [at + f"attention.self.{part}" for part in ("query", "key", "value")]
        if first_only:
            parts = [self._linear(query, asking), *self._linears(others, state)]
        else:
            parts = self._linears([query, *others], state)
        heads = self.config["num_attention_heads"]
        attended = self._plain(
            "Attention", *parts, "", "", "", "lengths", q_num_heads=heads, kv_num_heads=heads
        )
        mixed = self._residual(at + "attention.output.", attended, asking)
        active = self._gelu(self._linear(at + "intermediate.dense", mixed))
        return self._residual(at + "output.", active, mixed)

    def _residual(self, at: str, branch: str, state: str) -> str:
        # Not SkipLayerNormalization, whose sums are slow: it takes three times as long as these.
        total = self._plain("Add", self._linear(at + "dense", branch), state)
        weight, bias = self._weight(at + "LayerNorm.weight"), self._weight(at + "LayerNorm.bias")
        return self._plain("LayerNormalization", total, weight, bias, axis=-1, epsilon=self.epsilon)

    def _head(self, state: str) -> str:
        """Add the classification head over the first token, as transformers has it per family."""
        zero = self._constant("first", np.array(0, dtype=np.int64))
        first = self._plain("Gather", state, zero, axis=1)
        if self.family == "bert":
            pooled = self._plain("Tanh", self._linear("pooler.dense", first))
            return self._linear("classifier", pooled)
        dense = self._linear("classifier.dense", first)
        electra = self.family == "electra"
        active = self._gelu(dense) if electra else self._plain("Tanh", dense)
        return self._linear("classifier.out_proj", active)

    def _gelu(self, state: str) -> str:
        return self._fused("Gelu", state)

    def _linear(self, name: str, state: str) -> str:
        return self._linears([name], state)[0]

    def _linears(self, names: Sequence[str], state: str) -> list[str]:
        """Apply linear layers to one input; what `rag.models.onnx.quantise` does in another way."""
        products = [self._plain("MatMul", state, self._matrix_of(name)) for name in names]
        biases = [self._weight(name + ".bias") for name in names]
        return [self._plain("Add", *pair) for pair in zip(products, biases, strict=True)]

    def _matrix_of(self, name: str) -> str:
        return self._constant(name + ".weight", self._matrix(name))

    def _matrix(self, name: str) -> NDArray[np.float32]:
        """Return a linear layer's weights, (in, out)."""
        return self.weights(name + ".weight").T

    def _weight(self, name: str) -> str:
        return self._constant(name, self.weights(name))

    def _plain(self, operator: str, *inputs: str, **attributes: Any) -> str:
        return self._node(operator, inputs, 1, "", attributes)

    def _fused(self, operator: str, *inputs: str, outputs: int = 1, **attributes: Any) -> str:
        return self._node(operator, inputs, outputs, "com.microsoft", attributes)

    def _node(
        self,
        operator: str,
        inputs: tuple[str, ...],
        outputs: int,
        domain: str,
        attributes: Mapping[str, Any],
    ) -> str:
        names = [f"{operator}.{len(self.nodes)}.{i}" for i in range(outputs)]
        node = helper.make_node(operator, inputs, names, domain=domain, **attributes)
        self.nodes.append(node)
        return names[0]

    def _constant(self, name: str, array: NDArray[Any]) -> str:
        tensor = TensorProto(name=name, dims=array.shape)
        tensor.data_type = helper.np_dtype_to_tensor_dtype(array.dtype)
        raw = np.ascontiguousarray(array)
        self.constants.append(tensor)
        if raw.nbytes < SMALL:
            tensor.raw_data = raw.tobytes()  # axes and the like must stand in the graph itself
            return name
        self.data.write(b"\0" * (-self.data.tell() % 4096))
        tensor.data_location = TensorProto.EXTERNAL
        place = {"location": "weights.bin", "offset": self.data.tell(), "length": raw.nbytes}
        for key, value in place.items():
            tensor.external_data.add(key=key, value=str(value))
        self.data.write(raw.data)
        return name
