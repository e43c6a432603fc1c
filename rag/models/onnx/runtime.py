"""Run a graph in ONNX Runtime, rows sorted by length, in small batches, on the shared workers.

A batch runs on one thread. There a passage costs the same alone as in a batch of six (MiniLM in
int8, 150 tokens: 20 ms each), so batches are small: less padding, and all processors finish
together. Short rows share a batch, which saves the cost of a call.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray
from tokenizers import Encoding

from rag.errors import ModelError
from rag.models.workers import results

BATCH_TOKENS = 256
# Fusions that make a graph slower; see `rag.models.onnx.graph`.
SLOWER = ["SkipLayerNormFusion", "BiasSkipLayerNormFusion"]


class Runtime:
    """A loaded graph. Several threads may run it at once."""

    def __init__(self, graph: Path, typed: bool = True, engine: str = "onnx float32") -> None:
        """Load a graph; without ``typed`` every token has type 0. Raises `ModelError`."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(graph), options, ["CPUExecutionProvider"], disabled_optimizers=SLOWER
            )
        except Exception as error:  # its exceptions share no narrower base
            raise ModelError(f"{graph}: ONNX Runtime cannot load it ({error})") from error
        self.engine = engine
        self._types = np.int32(typed)
        self._typed = "types" in {entry.name for entry in self._session.get_inputs()}
        self._output = self._session.get_outputs()[0].name

    def each(self, encodings: Sequence[Encoding]) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Yield (position, output) for every encoding, in the order that runs fastest.

        An output is (tokens, size) for hidden states and (labels,) for logits.
        """
        lengths = [len(encoding) for encoding in encodings]
        planned = list(batches(lengths, BATCH_TOKENS))
        tasks = [partial(self.run, [encodings[row] for row in rows]) for rows in planned]
        for rows, output in zip(planned, results(tasks), strict=True):
            for place, row in enumerate(rows):
                values = output[place]
                yield row, values[: lengths[row]] if values.ndim == 2 else values

    def run(self, encodings: Sequence[Encoding]) -> NDArray[np.float32]:
        """Return the output of one batch, computed in the calling thread."""
        output: NDArray[np.float32] = self._session.run([self._output], self._inputs(encodings))[0]
        return output

    def every_output(self, encoding: Encoding) -> dict[str, NDArray[np.float32]]:
        """Return all further outputs of a graph by name, for one row."""
        names = [output.name for output in self._session.get_outputs()][1:]
        return dict(zip(names, self._session.run(names, self._inputs([encoding])), strict=True))

    def _inputs(self, encodings: Sequence[Encoding]) -> dict[str, NDArray[Any]]:
        lengths = np.array([len(encoding) for encoding in encodings], dtype=np.int64)
        inputs: dict[str, NDArray[Any]] = {
            "ids": _padded([e.ids for e in encodings]),
            "lengths": lengths,
        }
        if self._typed:
            inputs["types"] = _padded([e.type_ids for e in encodings]) * self._types
        return inputs


def batches(lengths: Sequence[int], tokens: int) -> Iterator[list[int]]:
    """Yield rows in batches of similar length, longest first, at most ``tokens`` each with padding.

    A row longer than ``tokens`` is a batch of its own; empty rows are left out.
    """
    order = sorted((i for i, n in enumerate(lengths) if n), key=lambda i: -lengths[i])
    while order:
        size = max(1, tokens // lengths[order[0]])
        yield order[:size]
        order = order[size:]


def _padded(rows: Sequence[Sequence[int]]) -> NDArray[np.int32]:
    return np.array(list(itertools.zip_longest(*rows, fillvalue=0)), dtype=np.int32).T.copy()
