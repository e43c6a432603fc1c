"""Which models run, and in what."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import SecretStr

from rag.settings.addresses import Address
from rag.settings.base import SHAPES_INDEX, SHAPES_RANKING, Section, option


def names_folder(model: str) -> bool:
    """Return whether a model is named by its folder, such as ``/models/bge`` or ``./bge``.

    ``bge`` and ``BAAI/bge`` are model ids, also if the working folder has a folder of that name:
    who filled it must not choose the model.
    """
    return model.startswith((".", "~")) or Path(model).is_absolute() or model.count("/") > 1


class ModelSettings(Section):
    """Which models run, and in what."""

    encoder: str = option(
        "all-MiniLM-L6-v2",
        "Encoder for dense retrieval: the embedded one, a folder (`/models/bge`, `./bge`), or a "
        "model id.",
        SHAPES_INDEX,
        trusted=names_folder,
    )
    encoder_url: Address = option(
        "",
        "Base URL of a server that runs the encoder: …/v1 for OpenAI's protocol (vLLM; another "
        "Ranklens at …/api/v1), anything else for Text Embeddings Inference. Empty runs it here.",
        trusted=True,
    )
    encoder_key: SecretStr = option(
        SecretStr(""), "Key for that server, if it wants one.", trusted=True
    )
    encoder_seconds: float = option(
        30.0, "Deadline of one call of that server, further tries included, in seconds.", gt=0
    )
    encoder_batch: int = option(
        32,
        "Texts in one call of that server; Text Embeddings Inference takes 32 unless it was "
        "started with another limit.",
        ge=1,
        le=2048,
    )
    encoder_question_prefix: str = option(
        "",
        "What that server's model wants before a question (e5: `query: `), if the server does not "
        "add it.",
        trusted=True,
        max_length=1000,
    )
    encoder_passage_prefix: str = option(
        "",
        "The same before a passage (e5: `passage: `). Another one needs `ranklens reindex`.",
        trusted=True,
        max_length=1000,
    )
    max_texts: int = option(
        2048,
        "Texts that one call may have reranked or encoded (Python, the HTTP API).",
        ge=1,
        le=100_000,
    )
    max_text_characters: int = option(
        100_000, "Longest text that may be reranked or encoded, in characters.", ge=1
    )
    engine: Literal["auto", "float32", "int8"] = option(
        "auto",
        "What models run in without a graphics processor: auto takes int8 if the processor has "
        "instructions for it (`ranklens doctor` shows which engine runs and why).",
    )
    keep_tokens: bool = option(
        True,
        "Keep compressed token vectors of new chunks, so that late interaction need not encode "
        "the candidates of every question.",
    )
    cross_encoder: str = option(
        "cross-encoder/ettin-reranker-17m-v1",
        "Model of the cross-encoder reranker: a folder (`/models/bge`, `./bge`) or a model id.",
        SHAPES_RANKING,
        trusted=names_folder,
    )
    trust_remote_code: str = option(
        "",
        "Models that may run code of their own, by model id or folder, separated by commas.",
        trusted=True,
    )
