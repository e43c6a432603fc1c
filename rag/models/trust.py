"""Models that bring code of their own run it only where the user has named them."""

from __future__ import annotations

from pathlib import Path

from rag.models.onnx.exports import read_json
from rag.settings import Settings


def untrusted(name: str, folder: Path, settings: Settings) -> str:
    """Return why a model must not be loaded, or nothing.

    A model whose configuration maps its classes to code in its own files (``auto_map``) would run
    that code; without it transformers would quietly start from random weights, so it is refused.
    """
    config = folder / "config.json"
    if not config.is_file() or not read_json(config).get("auto_map"):
        return ""
    allowed = {one.strip() for one in settings.trust_remote_code.split(",")}
    if name in allowed or str(folder) in allowed:
        return ""
    return (
        f"{name} runs code of its own; if you trust it, add it to trust_remote_code "
        f"(RANKLENS_TRUST_REMOTE_CODE={name})"
    )
