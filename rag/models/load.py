"""Load an encoder or a cross-encoder on the engine that suits it.

ONNX Runtime if a graph can be made of the model, else sentence-transformers on torch. Both give
sentence-transformers' vectors and logits; the model's ``engine`` names the one that runs.
"""

from __future__ import annotations

import logging
from pathlib import Path

from rag.errors import ModelError, ModelMissing
from rag.models.cross import CrossModel
from rag.models.devices import accelerated
from rag.models.encoder import Encoder
from rag.models.files import read_json
from rag.models.hub import (
    EMBEDDED,
    PACKED,
    check_embedded,
    embedded_folder,
    locate,
    own_code,
    untrusted,
)
from rag.models.onnx.heads import has_head
from rag.settings import Settings

log = logging.getLogger(__name__)


def load_encoder(settings: Settings) -> Encoder:
    """Load the encoder that ``settings`` name, or one that has a server encode (`encoder_url`).

    Raises `ModelMissing` if it is not on this machine, `ModelError` if it cannot be loaded or the
    weights that a package carries are not the known ones, and `ProviderError` if the server cannot
    be used.
    """
    if not settings.encoder_url:
        return _encoder_here(settings, settings.encoder)
    # Imported here: it brings the HTTP client, which the embedded encoder does without.
    from rag.models.served import ServedEncoder

    try:
        return ServedEncoder(settings, _encoder_here(settings, settings.encoder))
    except ModelMissing:
        return ServedEncoder(settings, _encoder_here(settings, EMBEDDED))


def _encoder_here(settings: Settings, name: str) -> Encoder:
    cache = settings.cache
    folder = locate(name)
    if folder == embedded_folder():
        check_embedded(cache)
    elif name == PACKED:
        # Imported here: other encoders do without it.
        from rag.models.packed import unpacked

        folder = unpacked(folder, cache)
    try:
        from rag.models.onnx.encoder import OnnxEncoder

        return OnnxEncoder(name, folder, cache, settings.engine)
    except ModelError as error:
        # Imported here: torch takes seconds, and the usual encoder does not need it.
        from rag.models.torch_encoder import TorchEncoder

        log.info("%s runs in torch: %s", name, error)
        return TorchEncoder(name, folder, cache)


def load_cross(settings: Settings, name: str = "") -> CrossModel:
    """Load a cross-encoder, the one that ``settings`` name unless ``name`` is given.

    Raises `ModelMissing` if it is not on this machine, and `ModelError` if it cannot be loaded, has
    no classification head, gives more than one logit a pair or runs code of its own that the
    settings do not allow.
    """
    name = name or settings.cross_encoder
    folder = locate(name)
    architectures = read_json(folder / "config.json").get("architectures") or ["not given"]
    scores = str(architectures[0]).endswith(("ForSequenceClassification", "ForCausalLM"))
    if not scores and not has_head(folder):
        raise ModelError(
            f"{name} is no cross-encoder (its architecture is {architectures[0]}); "
            "choose a model that scores pairs"
        )
    if reason := untrusted(name, folder, settings):
        raise ModelError(reason)
    model = _cross_of(settings, name, folder)
    model.max_tokens = min(model.max_tokens, settings.rerank_tokens or model.max_tokens)
    return model


def _cross_of(settings: Settings, name: str, folder: Path) -> CrossModel:
    cache, trusted = settings.cache, own_code(folder)
    if not accelerated() and not trusted:
        try:
            from rag.models.onnx.cross import OnnxCross

            return OnnxCross(name, folder, cache, settings.engine)
        except ModelError as error:
            log.info("%s runs in torch: %s", name, error)
    # Imported here: torch takes seconds, and most cross-encoders do not need it.
    from rag.models.torch_cross import TorchCross

    return TorchCross(name, folder, cache, trusted, settings.rerank_batch)
