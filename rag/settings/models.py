"""Which models run, and in what."""

from __future__ import annotations

from typing import Literal

from rag.settings.base import SHAPES_INDEX, SHAPES_RANKING, Section, option


class ModelSettings(Section):
    """Which models run, and in what."""

    encoder: str = option(
        "all-MiniLM-L6-v2",
        "Encoder for dense retrieval: the embedded one, a folder, or a model id.",
        SHAPES_INDEX,
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
        "cross-encoder/ms-marco-MiniLM-L-6-v2",
        "Model of the cross-encoder reranker: a folder or a model id.",
        SHAPES_RANKING,
    )
    trust_remote_code: str = option(
        "",
        "Models that may run code of their own, by model id or folder, separated by commas.",
    )
