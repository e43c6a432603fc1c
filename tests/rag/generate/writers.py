"""Questions to the writers' fake servers, for the tests of what all writers do and of each one."""

from collections.abc import Callable
from typing import NamedTuple

from rag.generate import generator_for
from rag.generate.answer import Answer, Answering
from rag.settings import Settings
from rag.types import Chunk, Hit
from tests.servers.cohere_server import CohereServer
from tests.servers.openai_server import KEY, OpenAIServer

Server = CohereServer | OpenAIServer
HITS = tuple(
    Hit(Chunk(f"c{n}", "sky.txt", n, 600, f"Fact {n}. " + "word " * 120, page=n), n, 1.0 / n)
    for n in range(1, 6)
)


def answered(**options) -> Answer:
    """Ask one question with these options; the key must not appear in the answer."""
    answering = Answering(generator_for(Settings(**options), None), "Why is the sky blue?", HITS)
    pieces = list(answering)
    assert "".join(pieces) == answering.answer.text
    assert KEY not in repr(answering.answer)
    return answering.answer


def ask_openai(server: OpenAIServer, **changes) -> Answer:
    """Ask by OpenAI's protocol."""
    given = {"llm_base_url": server.url, "llm_api_key": server.key}
    return answered(**{**given, "llm_model": "fake", "llm_seconds": 5.0, **changes})


def ask_cohere(server: CohereServer, **changes) -> Answer:
    """Ask by Cohere's protocol."""
    given = {"llm_provider": "cohere", "cohere_url": server.url, "cohere_api_key": server.key}
    return answered(**{**given, "llm_model": "fake", "llm_seconds": 5.0, **changes})


class Writer(NamedTuple):
    """A provider that writes: its fake server, how it is asked, its option for the key."""

    server: type[Server]
    ask: Callable[..., Answer]
    key: str


WRITERS = {
    "openai": Writer(OpenAIServer, ask_openai, "llm_api_key"),
    "cohere": Writer(CohereServer, ask_cohere, "cohere_api_key"),
}
