"""The cache of graphs: made once a model, found again by what they were made from."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from tokenizers import Encoding

from rag.errors import ModelError
from rag.models.digest import file_digest

BUILDER = 4  # part of the key: raise it whenever `rag.models.onnx.graph` makes another graph
WEIGHTS = "model.safetensors"


def graph_for(
    folder: Path,
    output: Literal["hidden", "logits"],
    cache: Path,
    samples: Callable[[], Sequence[Encoding]] | None = None,
) -> Path:
    """Return the ONNX file for the model in ``folder``, making it where the cache has none.

    With ``samples`` (typical inputs) it multiplies in int8, else in float32.
    Raises `ModelError` where no graph can be made of this model or the cache cannot be written.
    """
    made = place_of(folder, output, cache, samples is not None)
    config, weights = read_json(folder / "config.json"), folder / WEIGHTS
    if not (made / "model.onnx").is_file():
        try:
            _make(config, weights, output, made, samples)
        except OSError as error:
            raise ModelError(f"{made}: the graph cannot be written ({error.strerror})") from error
    return made / "model.onnx"


def place_of(folder: Path, output: Literal["hidden", "logits"], cache: Path, int8: bool) -> Path:
    """Return the folder in which a model's graph is kept, or will be; raises `ModelError`."""
    config, weights = read_json(folder / "config.json"), folder / WEIGHTS
    if not weights.is_file():
        raise ModelError(f"{folder}: has no {WEIGHTS}")
    recipe = [file_digest(weights, cache), config, output, BUILDER, int8]
    key = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:32]
    return cache / "graphs" / key


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a model's JSON file; raises `ModelError` where there is none."""
    content = read_any_json(path)
    if not isinstance(content, dict):
        raise ModelError(f"{path}: not a JSON object")
    return content


def read_any_json(path: Path) -> Any:
    """Return what a model's JSON file holds; raises `ModelError` where it cannot be read."""
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise ModelError(f"{path}: not valid JSON ({error})") from error


def _make(
    config: dict[str, Any],
    weights: Path,
    output: Literal["hidden", "logits"],
    made: Path,
    samples: Callable[[], Sequence[Encoding]] | None,
) -> None:
    # Both import onnx, which a start from the cache does not need.
    from rag.models.onnx.graph import build
    from rag.models.onnx.quantise import build_int8

    made.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=made.parent, prefix="making-"))
    try:
        if samples is None:
            build(config, weights, output, work)
        else:
            build_int8(config, weights, output, work, samples())
        os.rename(work, made)
    except OSError:
        # Another process was faster: its folder is complete, for it was renamed into place too.
        if not (made / "model.onnx").is_file():
            raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
