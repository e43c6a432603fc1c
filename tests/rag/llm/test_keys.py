"""What goes over the wire: a key to its own address only, and nothing to where a server points."""

import json

import pytest

from rag.errors import ProviderError
from rag.llm.base import Message
from rag.llm.client import LanguageModel
from rag.llm.connection import connect
from rag.rerank.base import Context
from rag.rerank.table import resolve
from tests.servers.openai_server import KEY, OpenAIServer, Reply
from tests.servers.providers import SERVERS, settings_for
from tests.servers.rerank_server import Fault, RerankServer

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:cohere.*")
QUESTION = [Message("user", "Why is the sky blue?")]


@pytest.fixture(params=SERVERS)
def server(request):
    with SERVERS[request.param]() as running:
        yield running


def seen(server):
    return json.dumps([[dict(r.headers), r.body] for r in server.requests])


def test_a_key_never_reaches_another_address(server):
    with type(server)() as other:
        address = "cohere_url" if "cohere" in type(server).__name__.lower() else "llm_base_url"
        moved = settings_for(server).updated(**{address: other.url})
        with pytest.raises(ProviderError, match="key"):
            LanguageModel(moved, retries=0).chat("", "Why?")
        assert "key" in connect(moved).problem
        assert KEY not in seen(other)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(server, status):
    with type(server)() as other:
        to = {"location": f"{other.url}/chat/completions"}
        answer = Reply(status=status, error={"message": "moved"}, headers=to)
        server.script(answer, answer)
        model = LanguageModel(settings_for(server), retries=0)
        with pytest.raises(ProviderError, match=rf"{status}.*address"):
            model.chat("", "Why?")
        with pytest.raises(ProviderError, match=rf"{status}.*address"):
            list(model.stream(QUESTION))
        assert other.requests == []


@pytest.mark.parametrize("name", ["cohere", "jina", "voyage", "rerank-server", "tei"])
def test_no_reranker_follows_a_redirect(name, server):
    with RerankServer() as first, RerankServer() as other:
        first.script(Fault(307, {}, {"location": f"{other.url}/v1/rerank"}))
        settings = settings_for(server).updated(
            cohere_url=first.url, cohere_api_key=first.key, jina_url=f"{first.url}/v1",
            jina_api_key=first.key, voyage_url=f"{first.url}/voyage", voyage_api_key=first.key,
            rerank_server_url=f"{first.url}/v1", rerank_server_key=first.key,
            tei_url=first.url, tei_key=first.key, rerank_retries=0,
        )  # fmt: skip
        reranker = resolve(name).build(Context(settings, None))
        with pytest.raises(ProviderError, match=r"307.*address"):
            reranker.score("sky", ["The sky is blue."])
        assert other.requests == []


def test_what_the_environment_holds_for_openai_goes_to_openai_only(monkeypatch):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-secret")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-secret")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Token: custom-secret\nAuthorization: Bearer own")
    with OpenAIServer(key="") as other:
        for key in ("", "right-key"):
            LanguageModel(settings_for(other, llm_api_key=key)).chat("", "Why?")
        assert "secret" not in seen(other)
        given = [request.headers.get("authorization") for request in other.requests]
        assert given == [None, "Bearer right-key"]
        monkeypatch.setenv("OPENAI_BASE_URL", other.url)  # now it is meant for this address
        LanguageModel(settings_for(other, llm_api_key="")).chat("", "Why?")
        assert "org-secret" in seen(other)


def test_name_and_password_of_an_address_are_sent_and_never_shown(server):
    url = server.url.replace("//", "//user:hunter2@")
    settings = settings_for(server, llm_base_url=url, cohere_url=url)
    server.key = ""
    model = LanguageModel(settings, retries=0)
    model.chat("", "Why?")
    given = server.requests[0].headers["authorization"]
    assert given == "Basic dXNlcjpodW50ZXIy"
    server.script(Reply(status=400, error={"message": f"bad {given} of user with hunter2"}))
    with pytest.raises(ProviderError) as error:
        model.chat("", "Why?")
    for text in (str(error.value), model.identity, repr(model.endpoint), connect(settings).where):
        assert "hunter2" not in text
        assert "dXNlcjpod" not in text
