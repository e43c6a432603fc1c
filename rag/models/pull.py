"""Download a model from the hub into its cache; a dead network is noticed within seconds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rag.errors import ModelError
from rag.models.hub import locate

SECONDS = 5.0  # for the hub's first answer
# Other frameworks' copies of the same weights.
IGNORED = ("*.onnx", "*.onnx_data", "openvino/*", "*.h5", "*.msgpack", "*.ot", "*.gguf", "coreml/*")


def download(name: str, on_progress: Callable[[int, int], None] | None = None) -> Path:
    """Fetch a model by its id and return its folder.

    ``on_progress`` is called with bytes done and bytes in all after every file. Raises `ModelError`
    where the hub cannot be reached, does not know the model or wants a token.
    """
    from huggingface_hub import HfApi, constants, hf_hub_download

    if constants.is_offline_mode():
        raise ModelError(f"{name} cannot be downloaded: HF_HUB_OFFLINE is set")
    try:
        info = HfApi().model_info(name, timeout=SECONDS, files_metadata=True)
        files = wanted({file.rfilename: file.size or 0 for file in info.siblings or []})
        done = 0
        for file, size in files.items():
            hf_hub_download(name, file, revision=info.sha, etag_timeout=SECONDS)
            done += size
            if on_progress is not None:
                on_progress(done, sum(files.values()))
    except Exception as error:  # the hub's client lets its transport's errors through
        raise ModelError(f"{name} cannot be downloaded: {_reason(error)}") from error
    return locate(name)


def wanted(sizes: dict[str, int]) -> dict[str, int]:
    """Return the files that torch or ONNX Runtime here need, of those a repository has."""
    kept = {
        name: size
        for name, size in sizes.items()
        if not any(Path(name).match(pattern) for pattern in IGNORED)
    }
    if any(name.endswith(".safetensors") for name in kept):
        kept = {name: size for name, size in kept.items() if not name.endswith(".bin")}
    return kept


def _reason(error: Any) -> str:
    first = str(error).strip().split("\n")[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
