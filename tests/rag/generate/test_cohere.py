"""What only Cohere's chat does, against a real local server."""

import pytest

from tests.rag.generate.writers import ask_cohere as ask
from tests.servers.cohere_server import CohereServer
from tests.servers.openai_server import End, Raw, Reply

# The SDK's own models warn about themselves when they are first imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:cohere.*")


@pytest.fixture
def server():
    with CohereServer() as running:
        yield running


def test_without_a_key_it_is_not_even_called(server):
    error = ask(server, cohere_api_key="").error
    assert f"Cohere ({server.url}) needs a key" in error
    assert "RANKLENS_COHERE_API_KEY (or CO_API_KEY)" in error
    assert server.requests == []


def test_a_wrong_key_names_its_option(server):
    error = ask(server, cohere_api_key="hunter2hunter2").error
    assert "refused the key (401). Check RANKLENS_COHERE_API_KEY" in error


def test_an_unknown_model_names_the_address_to_check(server):
    assert "cohere_url" in ask(server, llm_model="none-such").error


def test_a_filter_is_reported_and_what_arrived_is_kept(server):
    server.script(Reply(["Blue"], finish="content_filter"))
    answer = ask(server)
    assert "fake declined to answer" in answer.error
    assert answer.text == "Blue"


def test_something_else_than_the_protocol(server):
    server.script(Reply([Raw("<html>Welcome</html>")], content_type="text/html"))
    assert "cohere_url" in ask(server).error
    # The client skips what it cannot read, so that nothing is left.
    server.script(Reply([Raw('data: {"type": "content-delta", "delta": 3}\n\n'), End()]))
    assert "cohere_url" in ask(server).error


def test_nobody_listens(server):
    error = ask(server, cohere_url="http://127.0.0.1:9").error
    assert "Cohere (http://127.0.0.1:9) cannot be reached" in error
