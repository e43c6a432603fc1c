"""The table of providers, one line each: its server, and its client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rag.llm.base import ChatClient
from rag.llm.faults import Endpoint
from rag.settings import Settings
from rag.settings.addresses import origin
from rag.settings.keys import COHERE_URL, OPENAI_URL


@dataclass(frozen=True, slots=True)
class Provider:
    """A line of the table; ``client`` imports the client library, which takes a second."""

    endpoint: Callable[[Settings], Endpoint]
    client: Callable[[Endpoint, float, float], ChatClient]


def cohere_endpoint(settings: Settings) -> Endpoint:
    """Return Cohere's server, for chat as for reranking."""
    return Endpoint(
        name="Cohere",
        url=settings.cohere_url.strip() or COHERE_URL,
        url_option="cohere_url",
        key=settings.cohere_api_key.get_secret_value().strip(),
        key_option="cohere_api_key",
        usual_key="CO_API_KEY",
        needs_key=True,
    )


def _openai_endpoint(settings: Settings) -> Endpoint:
    url = settings.llm_base_url.strip() or OPENAI_URL
    own = origin(url) == origin(OPENAI_URL)
    return Endpoint(
        name="OpenAI" if own else "",
        url=url,
        url_option="llm_base_url",
        key=settings.llm_api_key.get_secret_value().strip(),
        key_option="llm_api_key",
        usual_key="OPENAI_API_KEY",
        needs_key=own,
    )


def _openai_client(endpoint: Endpoint, temperature: float, seconds: float) -> ChatClient:
    from rag.llm.openai import OpenAIClient

    return OpenAIClient(endpoint, temperature, seconds)


def _cohere_client(endpoint: Endpoint, temperature: float, seconds: float) -> ChatClient:
    from rag.llm.cohere import CohereClient

    return CohereClient(endpoint, temperature, seconds)


PROVIDERS: Mapping[str, Provider] = {
    "openai": Provider(_openai_endpoint, _openai_client),
    "cohere": Provider(cohere_endpoint, _cohere_client),
}
