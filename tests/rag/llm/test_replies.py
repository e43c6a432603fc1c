"""Replies that are no replies: web pages, endless and compressed bodies, words to be kept quiet."""

import gzip
import itertools
import json
import time

import pytest

from rag.errors import ProviderError
from rag.llm.base import Message
from rag.llm.client import LanguageModel
from rag.llm.connection import connect
from rag.rerank.base import Context
from rag.rerank.table import resolve
from rag.settings import Settings
from rag.settings.keys import KEYS
from tests.servers.fixed_server import HTML, JSON, STREAM, FixedServer

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:cohere.*")
INTERNAL = "internal-secret-4711"
PAGE = f"<html><body>Sign in {INTERNAL}</body></html>".encode()
RERANKERS = ["cohere", "jina", "voyage", "rerank-server", "tei"]


def settings_at(url, provider="openai", **changes):
    """Settings whose every address is the same server."""
    addresses = {one.option: url for one in KEYS.values()}
    keys = dict.fromkeys(KEYS, "key-0123456789")
    return Settings(llm_model="m", llm_provider=provider, llm_seconds=10.0, rerank_retries=0,
                    **{**addresses, **keys, **changes})  # fmt: skip


def chat(settings):
    LanguageModel(settings, retries=0).chat("", "Why?")


def stream(settings):
    list(LanguageModel(settings, retries=0).stream([Message("user", "Why?")]))


def models(settings):
    LanguageModel(settings, retries=0).models()


def rerank(name):
    def reranked(settings):
        resolve(name).build(Context(settings, None)).score("sky", ["The sky is blue."])

    reranked.__name__ = name
    return reranked


CALLS = [(call, provider) for call in (chat, stream, models) for provider in ("openai", "cohere")]
CALLS += [(rerank(name), "openai") for name in RERANKERS]
every_call = pytest.mark.parametrize(
    ("call", "provider"), CALLS, ids=[f"{call.__name__}-{provider}" for call, provider in CALLS]
)


@every_call
def test_a_web_page_is_named_as_such(call, provider):
    with FixedServer(PAGE, headers=HTML) as server:
        with pytest.raises(ProviderError) as error:
            call(settings_at(server.url, provider))
        assert "answered with a web page, not with data. Check that" in str(error.value)
        assert INTERNAL not in str(error.value)


@every_call
@pytest.mark.parametrize("headers", [JSON, {"content-type": "text/plain"}, {}])
def test_a_page_that_hides_what_it_is_shows_no_words_of_python(call, provider, headers):
    with FixedServer(PAGE, headers=headers) as server:
        with pytest.raises(ProviderError) as error:
            call(settings_at(server.url, provider, provider_words=False))
        for word in ("attribute", "Error", "Expecting", "NoneType", "validation", INTERNAL):
            assert word not in str(error.value)


@every_call
@pytest.mark.parametrize("status", [400, 401, 404, 422, 429, 500, 503])
def test_the_words_of_a_server_are_shown_only_where_they_may_be(call, provider, status):
    body = json.dumps({"message": INTERNAL, "error": {"message": INTERNAL}}).encode()
    with FixedServer(body, status) as server:
        quiet = settings_at(server.url, provider, provider_words=False)
        for settings, shown in ((settings_at(server.url, provider), True), (quiet, False)):
            with pytest.raises(ProviderError) as error:
                call(settings)
            assert str(status) in str(error.value)
            assert (INTERNAL in str(error.value)) is shown


@pytest.mark.parametrize("status", [200, 302, 400, 403, 404, 500])
@pytest.mark.parametrize("provider", ["openai", "cohere"])
def test_a_test_of_a_connection_shows_no_words_of_what_answers(provider, status):
    body = json.dumps({"message": INTERNAL, "error": INTERNAL, "data": INTERNAL}).encode()
    for headers in (JSON, HTML):
        with FixedServer(body, status, headers) as server:
            found = connect(settings_at(server.url, provider))
            assert found.problem
            assert INTERNAL not in repr(found)
            if status != 200:
                assert str(status) in found.problem


@every_call
def test_an_endless_body_is_not_read(call, provider):
    endless = itertools.repeat(b'{"data": "' + b" " * 100_000)
    headers = STREAM if call is stream else JSON
    with FixedServer(endless, headers=headers) as server:
        started = time.monotonic()
        with pytest.raises(ProviderError, match=r"2 MB, .*max_reply_mb|not its protocol"):
            call(settings_at(server.url, provider, max_reply_mb=2))
        assert time.monotonic() - started < 8
        assert server.sent < 30_000_000


@every_call
def test_a_compressed_body_is_not_unpacked(call, provider):
    bomb = gzip.compress(b" " * 50_000_000)
    headers = {**(STREAM if call is stream else JSON), "content-encoding": "gzip"}
    with (
        FixedServer(bomb, headers=headers) as server,
        pytest.raises(ProviderError, match="not its protocol"),
    ):
        call(settings_at(server.url, provider))
