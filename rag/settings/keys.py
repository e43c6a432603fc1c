"""Which key belongs to which address: a key goes to no other origin than the one it was set for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from rag.settings.addresses import origin

OPENAI_URL = "https://api.openai.com/v1"
COHERE_URL = "https://api.cohere.com"


@dataclass(frozen=True, slots=True)
class KeyAddress:
    """The address that a key is for.

    ``option`` holds it, ``provider`` is the provider's own one (for an empty option too), ``usual``
    is the variable in which the provider's own tools look for the key, and ``usual_address`` the
    one in which they look for another address.
    """

    option: str
    provider: str = ""
    usual: str = ""
    usual_address: str = ""

    def origin(self, values: Mapping[str, Any]) -> str:
        """Return the origin that these settings call with the key."""
        return origin(str(values.get(self.option) or "") or self.provider)

    def is_usual(self, called: str) -> bool:
        """Return whether the variables of the provider's own tools are meant for an origin.

        It is the provider's own, or one that the same environment names for those tools.
        """
        return called in (origin(self.provider), origin(os.environ.get(self.usual_address, "")))


KEYS: Mapping[str, KeyAddress] = {
    "llm_api_key": KeyAddress("llm_base_url", OPENAI_URL, "OPENAI_API_KEY", "OPENAI_BASE_URL"),
    "cohere_api_key": KeyAddress("cohere_url", COHERE_URL, "CO_API_KEY", "CO_API_URL"),
    "jina_api_key": KeyAddress("jina_url", "https://api.jina.ai/v1", "JINA_API_KEY"),
    "voyage_api_key": KeyAddress("voyage_url", "https://api.voyageai.com/v1", "VOYAGE_API_KEY"),
    "contextual_api_key": KeyAddress(
        "contextual_url", "https://api.contextual.ai/v1", "CONTEXTUAL_API_KEY"
    ),
    "zeroentropy_api_key": KeyAddress(
        "zeroentropy_url", "https://api.zeroentropy.dev/v1", "ZEROENTROPY_API_KEY"
    ),
    "mixedbread_api_key": KeyAddress(
        "mixedbread_url", "https://api.mixedbread.com/v1", "MXBAI_API_KEY"
    ),
    "nvidia_api_key": KeyAddress("nvidia_url", "https://ai.api.nvidia.com/v1", "NVIDIA_API_KEY"),
    "rerank_server_key": KeyAddress("rerank_server_url"),
    "tei_key": KeyAddress("tei_url"),
    "encoder_key": KeyAddress("encoder_url"),
    "smtp_key": KeyAddress("smtp_url"),
}


def dropped(
    before: Mapping[str, Any], after: Mapping[str, Any], changes: Mapping[str, Any]
) -> dict[str, SecretStr]:
    """Return, emptied, the keys whose address has another origin after ``changes``.

    A key that is among the changes was given for the new address and stays.
    """
    return {
        key: SecretStr("")
        for key, address in KEYS.items()
        if key not in changes and address.origin(before) != address.origin(after)
    }


def usual_keys(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the keys that the providers' own variables hold and ``values`` lack.

    They count at the provider's own address, and at one that the same environment names in the
    provider's own variable.
    """
    return {
        key: os.environ[address.usual]
        for key, address in KEYS.items()
        if os.environ.get(address.usual)
        and not values.get(key)
        and address.is_usual(address.origin(values))
    }
