"""Build an ONNX graph of a model's checkpoint, without torch.

A graph is written straight from ``model.safetensors`` in ONNX's own operators (Attention,
RotaryEmbedding, LayerNormalization) and ONNX Runtime's (Gelu, EmbedLayerNormalization; see
ContribOperators.md in its sources). `rag.models.onnx.bert` and `rag.models.onnx.modernbert` are the
networks that are written with it.
Weights go to a file of their own beside the graph, which ONNX Runtime maps and which has no 2 GB
limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, save_model
from safetensors import safe_open

from rag.models.onnx.recipe import Output

ANCHORS = ("embeddings.word_embeddings.weight", "embeddings.tok_embeddings.weight")
SMALL = 64  # bytes


class Weights:
    """The tensors of a checkpoint and of the modules in folders beside it, by their names.

    The names of a checkpoint are those of the bare network; a prefix that its file puts before them
    is added. A module's begin with its folder: ``2_Dense/linear.weight``.
    """

    def __init__(self, files: Mapping[str, Any]) -> None:
        """Read open safetensors files by their folder, "" for the checkpoint's."""
        self._files = {
            (f"{folder}/{name}" if folder else name): (file, name)
            for folder, file in files.items()
            for name in file.keys()  # noqa: SIM118 - the file is no mapping
        }
        prefixes = (n.removesuffix(a) for n in self._files for a in ANCHORS if n.endswith(a))
        self._prefix = next(prefixes, "")

    def __contains__(self, name: str) -> bool:
        return name in self._files or self._prefix + name in self._files

    def __call__(self, name: str) -> NDArray[np.float32]:
        """Return a tensor in float32; raises `KeyError` if there is none of that name."""
        file, own = self._files.get(name) or self._files.get(self._prefix + name) or (None, "")
        if file is None:
            raise KeyError(f"no tensor {self._prefix}{name}")
        array: NDArray[np.float32] = file.get_tensor(own).astype(np.float32, copy=False)
        return array


@contextmanager
def opened(files: Mapping[str, Path]) -> Iterator[Weights]:
    """Open safetensors files by their folder while the context lasts."""
    with ExitStack() as stack:
        yield Weights({k: stack.enter_context(safe_open(str(p), "np")) for k, p in files.items()})


class Graph:
    """Nodes and initialisers of one graph; every method returns the name of what it computed."""

    def __init__(self, weights: Weights, data: BinaryIO) -> None:
        self.weights, self.data = weights, data
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def model(self, last: str, output: Output, typed: bool) -> ModelProto:
        """Return the graph that gives ``last`` as ``output``; ``typed`` tokens have a type."""
        self.nodes.append(helper.make_node("Identity", [last], [output]))
        shape = ["batch", "labels"] if output == "logits" else ["batch", "length", "size"]
        names = ["ids", "types"] if typed else ["ids"]
        shaped = ["batch", "length"]
        inputs = [helper.make_tensor_value_info(n, TensorProto.INT32, shaped) for n in names]
        inputs.append(helper.make_tensor_value_info("lengths", TensorProto.INT64, ["batch"]))
        outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)]
        graph = helper.make_graph(self.nodes, "model", inputs, outputs, self.constants)
        opsets = [helper.make_opsetid("", 24), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=11)

    def gelu(self, state: str) -> str:
        """Apply GELU."""
        return self.fused("Gelu", state)

    def linear(self, name: str, state: str) -> str:
        """Apply the linear layer of that name, with its bias if it has one."""
        return self.linears([name], state)[0]

    def linears(self, names: Sequence[str], state: str) -> list[str]:
        """Apply linear layers to one input; what `rag.models.onnx.quantise` does in another way."""
        return [
            self._biased(name, self.plain("MatMul", state, self.matrix_of(name))) for name in names
        ]

    def matrix(self, name: str) -> NDArray[np.float32]:
        """Return a linear layer's weights, (in, out)."""
        return self.weights(name + ".weight").T

    def matrix_of(self, name: str) -> str:
        """Store a linear layer's weights."""
        return self.constant(name + ".weight", self.matrix(name))

    def norm(self, name: str, state: str, epsilon: float) -> str:
        """Apply the layer normalisation of that name over the last axis."""
        biases = [self.weight(name + ".bias")] if name + ".bias" in self.weights else []
        weight = self.weight(name + ".weight")
        return self.plain("LayerNormalization", state, weight, *biases, axis=-1, epsilon=epsilon)

    def split(self, state: str, parts: int) -> list[str]:
        """Cut the last axis into equal parts."""
        names = [f"Split.{len(self.nodes)}.{part}" for part in range(parts)]
        self.nodes.append(helper.make_node("Split", [state], names, axis=-1, num_outputs=parts))
        return names

    def first(self, state: str) -> str:
        """Return the state of each row's first token, (batch, size)."""
        zero = self.constant(f"first.{len(self.nodes)}", np.array(0, dtype=np.int64))
        return self.plain("Gather", state, zero, axis=1)

    def positions(self) -> str:
        """Return 0, 1, … up to the length of the padded rows, (length,)."""
        at = f"positions.{len(self.nodes)}"
        zero, one = (self.constant(f"{at}.{n}", np.array(n)) for n in (0, 1))
        length = self.plain("Gather", self.plain("Shape", "ids"), one)
        return self.plain("Range", zero, length, one)

    def weight(self, name: str) -> str:
        """Store a tensor of the checkpoint."""
        return self.constant(name, self.weights(name))

    def plain(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add one of ONNX's own operators with one output."""
        return self._node(operator, inputs, 1, "", attributes)

    def fused(self, operator: str, *inputs: str, outputs: int = 1, **attributes: Any) -> str:
        """Add one of ONNX Runtime's operators; returns its first output."""
        return self._node(operator, inputs, outputs, "com.microsoft", attributes)

    def constant(self, name: str, array: NDArray[Any]) -> str:
        """Store an array under a name."""
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

    def _biased(self, name: str, product: str) -> str:
        bias = name + ".bias"
        return self.plain("Add", product, self.weight(bias)) if bias in self.weights else product

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


GraphKind = Callable[[Weights, BinaryIO], Graph]


def save(made: ModelProto, folder: Path) -> None:
    """Write a graph as ``model.onnx`` beside its ``weights.bin``."""
    save_model(made, str(folder / "model.onnx"))
