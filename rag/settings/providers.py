"""Addresses, keys and prices of services that rank over HTTP."""

from __future__ import annotations

from pydantic import SecretStr

from rag.settings.addresses import Address
from rag.settings.base import Section, option


class ProviderSettings(Section):
    """Addresses, keys and prices of services that rank over HTTP."""

    cohere_api_key: SecretStr = option(
        SecretStr(""), "Key for Cohere (at its own address CO_API_KEY does too).", trusted=True
    )
    cohere_url: Address = option(
        "", "Base URL of Cohere's API; empty takes Cohere's own.", trusted=True
    )
    jina_api_key: SecretStr = option(
        SecretStr(""), "Key for Jina (at its own address JINA_API_KEY does too).", trusted=True
    )
    jina_url: Address = option("https://api.jina.ai/v1", "Base URL of Jina's API.", trusted=True)
    voyage_api_key: SecretStr = option(
        SecretStr(""), "Key for Voyage (at its own address VOYAGE_API_KEY does too).", trusted=True
    )
    voyage_url: Address = option(
        "https://api.voyageai.com/v1", "Base URL of Voyage's API.", trusted=True
    )
    contextual_api_key: SecretStr = option(
        SecretStr(""),
        "Key for Contextual (at its own address CONTEXTUAL_API_KEY does too).",
        trusted=True,
    )
    contextual_url: Address = option(
        "https://api.contextual.ai/v1", "Base URL of Contextual's API.", trusted=True
    )
    zeroentropy_api_key: SecretStr = option(
        SecretStr(""),
        "Key for ZeroEntropy (at its own address ZEROENTROPY_API_KEY does too).",
        trusted=True,
    )
    zeroentropy_url: Address = option(
        "https://api.zeroentropy.dev/v1", "Base URL of ZeroEntropy's API.", trusted=True
    )
    mixedbread_api_key: SecretStr = option(
        SecretStr(""),
        "Key for Mixedbread (at its own address MXBAI_API_KEY does too).",
        trusted=True,
    )
    mixedbread_url: Address = option(
        "https://api.mixedbread.com/v1", "Base URL of Mixedbread's API.", trusted=True
    )
    nvidia_api_key: SecretStr = option(
        SecretStr(""),
        "Key for NVIDIA (at its own address NVIDIA_API_KEY does too).",
        trusted=True,
    )
    nvidia_url: Address = option(
        "https://ai.api.nvidia.com/v1",
        "Base URL of NVIDIA's API, or of a NIM of your own (…/v1).",
        trusted=True,
    )
    rerank_server_url: Address = option(
        "",
        "Base URL of a server with a Cohere- or Jina-like /rerank (vLLM, Infinity).",
        trusted=True,
    )
    rerank_server_key: SecretStr = option(
        SecretStr(""), "Key for that server, if it wants one.", trusted=True
    )
    tei_url: Address = option("", "Base URL of a Text Embeddings Inference server.", trusted=True)
    tei_key: SecretStr = option(
        SecretStr(""), "Key for that server, if it wants one.", trusted=True
    )
    provider_words: bool = option(
        True,
        "Show a provider's own message in an error, at most 300 characters and without keys. It is "
        "never shown of an address that is typed on the Settings page.",
    )
    max_reply_mb: int = option(
        32, "Largest reply of a provider that is read, in MB.", ge=1, le=1000
    )
    prices: str = option(
        "", "Your own table of prices, a TOML file; empty takes rag/llm/prices.toml.", trusted=True
    )
