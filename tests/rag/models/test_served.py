"""An encoder behind a URL: both protocols, limits, faults in words, and where its key goes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from rag.errors import ModelError, ProviderError
from rag.models import served
from rag.models.served import UNKNOWN, ServedEncoder
from rag.settings import Settings
from tests.fakes import WORDS, WordEncoder
from tests.servers.embed_server import KEY, EmbedServer

TEXTS = ["the moon pulls the tide", "mars has a ring", "a comet near the sun"]


@pytest.fixture
def server() -> Iterator[EmbedServer]:
    with EmbedServer() as running:
        yield running


def encoder_of(url: str, key: str = KEY, **options: object) -> ServedEncoder:
    settings = Settings(encoder="words", encoder_url=url, encoder_key=key, **options)
    return ServedEncoder(settings, WordEncoder())


@pytest.mark.parametrize("path", ["", "/v1", "/api/v1", "/v1/"])
def test_vectors_are_the_servers_in_the_order_of_the_texts(server: EmbedServer, path: str):
    encoder = encoder_of(server.url + path)
    assert encoder.dimension == len(WORDS)
    np.testing.assert_allclose(encoder.encode(TEXTS), WordEncoder().encode(TEXTS), atol=1e-6)
    np.testing.assert_allclose(
        encoder.encode_query(TEXTS[0]), WordEncoder().encode_query(TEXTS[0]), atol=1e-6
    )
    assert encoder.encode([]).shape == (0, len(WORDS))


def test_each_protocol_is_asked_in_its_own_words(server: EmbedServer):
    encoder_of(server.url).encode_query("mars")
    assert server.requests[-1][2] == {"inputs": ["mars"], "normalize": True, "truncate": True}
    encoder_of(server.url + "/v1").encode_query("mars")
    plain = {"model": "words", "input": ["mars"], "encoding_format": "float"}
    assert server.requests[-1][2] == plain
    encoder_of(server.url + "/api/v1").encode_query("mars")
    assert server.requests[-1][2] == {**plain, "input_type": "query"}
    assert {headers["authorization"] for _, headers, _ in server.requests} == {f"Bearer {KEY}"}


def test_long_calls_are_cut_into_batches(server: EmbedServer):
    encoder = encoder_of(server.url)
    texts = [f"moon {'sun ' * (i % 5)}" for i in range(100)]
    np.testing.assert_allclose(encoder.encode(texts), WordEncoder().encode(texts), atol=1e-6)
    sizes = sorted(len(body["inputs"]) for _, _, body in server.requests[1:])
    assert sizes == [4, 32, 32, 32]


def test_prefixes_go_before_questions_and_passages(server: EmbedServer):
    prefixes = {"encoder_question_prefix": "query: ", "encoder_passage_prefix": "passage: "}
    encoder = encoder_of(server.url, **prefixes)
    encoder.encode_queries(["mars"])
    encoder.encode(["mars", ""])
    assert [body["inputs"] for _, _, body in server.requests[1:]] == [
        ["query: mars"], ["passage: mars", "passage: "]
    ]  # fmt: skip


def test_an_empty_text_is_sent_as_a_blank(server: EmbedServer):
    encoder_of(server.url).encode([""])
    assert server.requests[-1][2]["inputs"] == [" "]


def test_the_revision_is_that_of_the_weights_here(server: EmbedServer):
    assert encoder_of(server.url).revision == WordEncoder.revision
    other = ServedEncoder(
        Settings(encoder="other/model", encoder_url=server.url, encoder_key=KEY), WordEncoder()
    )
    assert other.revision == UNKNOWN
    with_prefix = encoder_of(server.url, encoder_passage_prefix="passage: ")
    assert with_prefix.revision.startswith(WordEncoder.revision + " ")


def test_tokens_are_those_of_the_encoder_here(server: EmbedServer):
    encoder, here = encoder_of(server.url), WordEncoder()
    asked = len(server.requests)
    assert encoder.count_tokens(TEXTS) == here.count_tokens(TEXTS)
    assert encoder.token_spans(TEXTS[0]) == here.token_spans(TEXTS[0])
    np.testing.assert_array_equal(
        encoder.encode_tokens(TEXTS)[1], here.encode_tokens(TEXTS)[1]
    )  # fmt: skip
    assert encoder.token_counter == here.token_counter
    assert len(server.requests) == asked


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (401, {"error": "no"}, "refused the key"),
        (404, {"error": "no"}, "does not know the model words"),
        (413, {"error": "batch size 33 > 32"}, "batch size 33 > 32"),
        (307, "http://127.0.0.1:1/", "sends requests on to another address"),
        (200, {"data": []}, "not its protocol"),
        (200, [[1.0, 2.0], [3.0]], "not its protocol"),
        (200, [["NaN"] * len(WORDS)], "not its protocol"),
        (200, [[float("nan")] * len(WORDS)], "not its protocol"),
        (200, [[1.0] * len(WORDS)] * 2, "not its protocol"),
        (200, [[1.0, 2.0]], "another model"),
    ],
)
def test_what_is_no_answer_is_an_error_in_words(
    server: EmbedServer, status: int, body: object, words: str
):
    encoder = encoder_of(server.url)
    server.fail((status, body))
    with pytest.raises(ProviderError, match=words) as raised:
        encoder.encode(["mars"])
    assert KEY not in str(raised.value)
    assert "encoder" in str(raised.value)


@pytest.mark.parametrize("rows", [[0, 0], [1, 0, 2], [], "many"])
def test_places_that_are_not_those_of_the_texts_are_refused(server: EmbedServer, rows: object):
    encoder = encoder_of(server.url + "/v1")
    data = [{"index": i, "embedding": [1.0] * len(WORDS)} for i in rows]
    server.fail((200, {"data": data}))
    with pytest.raises(ProviderError, match="not its protocol"):
        encoder.encode(["mars", "moon"])


def test_a_busy_server_is_asked_again(server: EmbedServer, monkeypatch: pytest.MonkeyPatch):
    encoder = encoder_of(server.url)
    monkeypatch.setattr("rag.llm.calls.FIRST_WAIT", 0.01)
    server.fail((503, {"error": "busy"}), (429, {"error": "busy"}))
    assert encoder.encode(["mars"]).shape == (1, len(WORDS))
    server.fail(*[(503, {"error": "busy"})] * (served.RETRIES + 1))
    with pytest.raises(ProviderError, match=r"failed \(503\)") as raised:
        encoder.encode(["mars"])
    assert raised.value.passing


def test_a_server_that_is_too_slow_is_given_up(server: EmbedServer):
    encoder = encoder_of(server.url, encoder_seconds=0.2)
    server.delay = 20
    with pytest.raises(ProviderError, match="raise encoder_seconds"):
        encoder.encode(["mars"])


def test_a_server_that_is_not_there_is_named(server: EmbedServer):
    with pytest.raises(ProviderError, match=r"127.0.0.1:1\) cannot be reached. Check encoder_url"):
        encoder_of("http://127.0.0.1:1", encoder_seconds=0.3)
    with pytest.raises(ProviderError, match="RANKLENS_ENCODER_KEY"):
        encoder_of(server.url, key="")
    with pytest.raises(ModelError, match="has no address"):
        encoder_of("")


def test_the_key_stays_with_its_address(server: EmbedServer):
    settings = Settings(encoder="words", encoder_url="http://other.example", encoder_key="secret-1")
    moved = settings.updated(encoder_url=server.url)
    with pytest.raises(ProviderError):
        ServedEncoder(moved, WordEncoder())
    assert "authorization" not in server.requests[-1][1]
