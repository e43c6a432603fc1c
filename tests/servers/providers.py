"""A local server of each provider of chat models, and the settings that call it."""

from __future__ import annotations

from typing import Any

from rag.llm.providers import PROVIDERS
from rag.settings import Settings
from tests.servers.cohere_server import CohereServer
from tests.servers.openai_server import OpenAIServer

SERVERS: dict[str, type[OpenAIServer]] = {"openai": OpenAIServer, "cohere": CohereServer}
assert set(SERVERS) == set(PROVIDERS)


def options_for(server: OpenAIServer) -> dict[str, Any]:
    """The options that name this server, its key and its model."""
    if isinstance(server, CohereServer):
        where = {"llm_provider": "cohere", "cohere_url": server.url, "cohere_api_key": server.key}
    else:
        where = {"llm_base_url": server.url, "llm_api_key": server.key}
    return {"llm_model": "fake", **where}


def settings_for(server: OpenAIServer, **changes: Any) -> Settings:
    return Settings(**{**options_for(server), **changes})
