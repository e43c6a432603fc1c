"""The table of providers, one line each: its server, and its client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from rag.llm.base import ChatClient
from rag.llm.faults import Endpoint
from rag.settings import Settings
from rag.settings.addresses import origin
from rag.settings.keys import OPENAI_URL


@dataclass(frozen=True, slots=True)
class Provider:
    """A line of the table; ``client`` imports the client library, which takes a second.

    It gets the endpoint, temperature, the reply's most tokens, and the deadline in seconds.
    """

    endpoint: Callable[[Settings], Endpoint]
    client: Callable[[Endpoint, float, int, float], ChatClient]


def cohere_endpoint(settings: Settings) -> Endpoint:
    """Return Cohere's server, for chat as for reranking."""
    return Endpoint.of(settings, "cohere_api_key", "Cohere")


def _openai_endpoint(settings: Settings) -> Endpoint:
    found = Endpoint.of(settings, "llm_api_key", "OpenAI")
    own = origin(found.url) == origin(OPENAI_URL)
    return found if own else replace(found, name="", needs_key=False)


def _openai_client(
    endpoint: Endpoint, temperature: float, max_tokens: int, seconds: float
) -> ChatClient:
    from rag.llm.openai import OpenAIClient

    return OpenAIClient(endpoint, temperature, max_tokens, seconds)


def _cohere_client(
    endpoint: Endpoint, temperature: float, max_tokens: int, seconds: float
) -> ChatClient:
    from rag.llm.cohere import CohereClient

    return CohereClient(endpoint, temperature, max_tokens, seconds)


PROVIDERS: Mapping[str, Provider] = {
    "openai": Provider(_openai_endpoint, _openai_client),
    "cohere": Provider(cohere_endpoint, _cohere_client),
}
