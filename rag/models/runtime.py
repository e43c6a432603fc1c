"""Run a graph in ONNX Runtime, rows sorted by length, in small batches.

Throughput on two cores hardly depends on the batch once a batch holds a few hundred tokens (MiniLM,
passages of 140 tokens: 2.8 s for 160 in batches of 1, 2 or 4; 3.3 s in batches of 16), so a batch
is bounded by its tokens, padding included.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray
from tokenizers import Encoding

from rag.errors import ModelError

BATCH_TOKENS = 512


class Runtime:
    """A loaded graph. Several threads may run it at once."""

    engine = "onnx float32"

    def __init__(self, graph: Path, typed: bool = True) -> None:
        """Load a graph; without ``typed`` every token has type 0. Raises `ModelError`."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = _processors()
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(graph), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its exceptions share no narrower base
            raise ModelError(f"{graph}: ONNX Runtime cannot load it ({error})") from error
        self._types = np.int32(typed)
        self._typed = "types" in {entry.name for entry in self._session.get_inputs()}
        self._output = self._session.get_outputs()[0].name

    def each(self, encodings: Sequence[Encoding]) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Yield (position, output) for every encoding, in the order that runs fastest.

        An output is (tokens, size) where the graph gives hidden states, (labels,) where logits.
        """
        lengths = [len(encoding) for encoding in encodings]
        for rows in batches(lengths, BATCH_TOKENS):
            output = self._run([encodings[row] for row in rows])
            for place, row in enumerate(rows):
                values = output[place]
                yield row, values[: lengths[row]] if values.ndim == 2 else values

    def _run(self, encodings: Sequence[Encoding]) -> NDArray[np.float32]:
        lengths = np.array([len(encoding) for encoding in encodings], dtype=np.int32)
        inputs = {"ids": _padded([e.ids for e in encodings]), "lengths": lengths}
        if self._typed:
            inputs["types"] = _padded([e.type_ids for e in encodings]) * self._types
        output: NDArray[np.float32] = self._session.run([self._output], inputs)[0]
        return output


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


def _processors() -> int:
    """Return the processors this process may use; ONNX Runtime alone would count the machine's."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
