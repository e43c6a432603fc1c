"""Is a model's server there? Lists of models, and what goes wrong, at every provider."""

import time

import pytest

from rag.llm.connection import PRESETS, connect
from rag.settings import Settings
from tests.servers.providers import SERVERS, settings_for

# Cohere's client warns about its own use of pydantic when it is first imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:cohere.*")


@pytest.fixture(params=SERVERS)
def server(request):
    with SERVERS[request.param]() as running:
        yield running


def test_a_test_of_the_connection_lists_the_models(server):
    server.models = ("b-model", "a-model")
    found = connect(settings_for(server))
    assert (found.models, found.problem) == (("a-model", "b-model"), "")
    assert server.url in found.where


def test_a_wrong_key_is_told(server):
    found = connect(settings_for(server, llm_api_key="wrong", cohere_api_key="wrong"))
    assert found.models == ()
    assert "refused the key" in found.problem


def test_no_key_and_nobody_there_are_told():
    assert "needs a key" in connect(Settings()).problem
    for url in ("http://127.0.0.1:9/v1", "http://[::1"):
        assert "cannot be reached" in connect(Settings(llm_base_url=url)).problem


def test_a_server_that_hangs_is_given_up(server):
    server.models_delay = 30.0
    started = time.monotonic()
    found = connect(settings_for(server), seconds=0.5)
    assert "did not answer within 0.5 seconds" in found.problem
    assert time.monotonic() - started < 4


def test_presets_are_addresses_of_this_machine():
    assert PRESETS["OpenAI"] == ""
    assert all("127.0.0.1" in url for name, url in PRESETS.items() if name != "OpenAI")


def test_a_list_of_models_is_bounded(server):
    server.models = ("x" * 1000, *(f"model-{number:05}" for number in range(3000)))
    found = connect(settings_for(server))
    assert len(found.models) == 2000
    assert max(map(len, found.models)) < 200
