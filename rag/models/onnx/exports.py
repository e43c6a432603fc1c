"""Load a model into ONNX Runtime; its graph is made once and found again in the cache."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path

from rag.errors import ModelError
from rag.models.files import file_digest, read_json
from rag.models.onnx.engine import engine_for, largest_weight
from rag.models.onnx.heads import head_files, read_head
from rag.models.onnx.recipe import Output
from rag.models.onnx.runtime import Runtime

BUILDER = 4  # part of the key: raise it whenever `rag.models.onnx.networks` makes another graph
# Whether int8 keeps their rankings has not been measured with real weights.
FLOAT_ONLY = ("modernbert",)


def load_runtime(
    folder: Path, output: Output, cache: Path, engine: str, typed: bool = True
) -> Runtime:
    """Load the model in ``folder`` on ``engine`` ("float32", "int8" or "auto").

    A model of a kind in `FLOAT_ONLY` runs in float32 on any. Raises `ModelError` if no graph can be
    made of it.
    """
    chosen = engine_for(engine).name
    if read_json(folder / "config.json").get("model_type") in FLOAT_ONLY:
        chosen = "float32"
    return Runtime(graph_for(folder, output, cache, chosen == "int8"), typed, f"onnx {chosen}")


def graph_for(folder: Path, output: Output, cache: Path, int8: bool = False) -> Path:
    """Return the ONNX file for the model in ``folder``, making it if the cache has none.

    It multiplies in ``int8`` or in float32. Raises `ModelError` if no graph can be made of this
    model or the cache cannot be written.
    """
    config = read_json(folder / "config.json")
    head = read_head(folder) if output == "logits" else None
    weights, *others = head_files(folder, head).values()
    recipe = [file_digest(weights, cache), config, output, BUILDER, int8 and largest_weight()]
    if head:
        recipe += [asdict(head), [file_digest(path, cache) for path in others]]
    key = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:32]
    made = cache / "graphs" / key
    if not (made / "model.onnx").is_file():
        try:
            _make(folder, output, made, int8)
        except OSError as error:
            raise ModelError(f"{made}: the graph cannot be written ({error.strerror})") from error
    return made / "model.onnx"


def _make(folder: Path, output: Output, made: Path, int8: bool) -> None:
    # Both import onnx, which a start from the cache does not need.
    from rag.models.onnx.networks import build
    from rag.models.onnx.quantise import build_int8

    made.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=made.parent, prefix="making-"))
    try:
        (build_int8 if int8 else build)(folder, output, work)
        os.rename(work, made)
    except OSError:
        # Another process was faster: its folder is complete, for it was renamed into place too.
        if not (made / "model.onnx").is_file():
            raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
