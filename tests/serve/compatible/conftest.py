"""A real server of a real library on a free port, for the real clients."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cohere
import openai
import pytest
import uvicorn

from ranklens.library import Library
from serve.app import alone
from serve.library import OpenLibrary
from tests.ranklens.bridges import opened


@contextmanager
def served(library: Library) -> Iterator[str]:
    """Serve a library's API in a thread; yield the address of ``/api``."""
    app = alone(OpenLibrary(lambda: library, lambda: library.settings))
    app.router.lifespan_context = None  # the library outlives the server
    config = uvicorn.Config(app, port=0, lifespan="off", access_log=False, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < end
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/api"
    finally:
        server.should_exit = True
        thread.join(20)


@pytest.fixture(scope="session")
def bridges(tmp_path_factory: pytest.TempPathFactory, cache_folder: Path) -> Iterator[Library]:
    """Sixty bridges, a passage each, with the embedded encoder."""
    with opened(tmp_path_factory.mktemp("compatible"), cache_folder) as library:
        yield library


@pytest.fixture(scope="session")
def address(bridges: Library) -> Iterator[str]:
    """Where the API of the bridges is."""
    with served(bridges) as url:
        yield url


def openai_of(address: str, key: str = "any") -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{address}/v1", api_key=key, max_retries=0)


def cohere_of(address: str, key: str = "any") -> cohere.ClientV2:
    return cohere.ClientV2(base_url=address, api_key=key)


@pytest.fixture(scope="session")
def chat_client(address: str) -> Iterator[openai.OpenAI]:
    with openai_of(address) as client:
        yield client


@pytest.fixture(scope="session")
def rerank_client(address: str) -> Iterator[cohere.ClientV2]:
    with cohere_of(address) as client:
        yield client
