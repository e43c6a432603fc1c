"""`POST /v1/embeddings` with OpenAI's client."""

from __future__ import annotations

import base64

import httpx
import numpy as np
import openai
import pytest

from ranklens.library import Library

TEXTS = ["The stone bridge was opened in 1871.", "A ferry crosses the river."]


@pytest.mark.parametrize("more", [{}, {"encoding_format": "float"}, {"encoding_format": "base64"}])
def test_vectors_in_every_format(chat_client: openai.OpenAI, bridges: Library, more):
    reply = chat_client.embeddings.create(model="ranklens", input=TEXTS, **more)
    found = [one.embedding for one in reply.data]
    if more.get("encoding_format") == "base64":
        found = [np.frombuffer(base64.b64decode(one), "<f4") for one in found]
    np.testing.assert_allclose(found, bridges.embed(TEXTS).vectors, atol=1e-6)
    assert [one.index for one in reply.data] == [0, 1]
    tokens = sum(bridges.encoder.count_tokens(TEXTS))
    assert (reply.usage.prompt_tokens, reply.usage.total_tokens) == (tokens, tokens)
    assert reply.model == bridges.encoder.name


def test_one_text_a_query_and_the_encoder_by_name(chat_client, bridges):
    reply = chat_client.embeddings.create(
        model=bridges.encoder.name, input=TEXTS[0], dimensions=bridges.encoder.dimension,
        extra_body={"input_type": "query"},
    )  # fmt: skip
    expected = bridges.encoder.encode_query(TEXTS[0])
    np.testing.assert_allclose(reply.data[0].embedding, expected, atol=1e-6)


def test_what_was_cut_is_named(address: str):
    body = {"model": "ranklens", "input": ["river", "river " * 400]}
    assert httpx.post(f"{address}/v1/embeddings", json=body).json()["truncated"] == [1]


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"dimensions": 128}, 400, "gives 384 dimensions"),
        ({"input": [1, 2, 3]}, 400, "check_embedding_ctx_length=False"),
        ({"input": [[1, 2], [3]]}, 400, "check_embedding_ctx_length=False"),
        ({"input": []}, 400, "input"),
        ({"input": ["a", ""]}, 400, "input 1 is empty"),
        ({"input": ["a"] * 2049}, 400, "max_texts"),
        ({"model": "text-embedding-3-small"}, 404, "there is no encoder 'text-embedding-3-small'"),
        ({"encoding_format": "int8"}, 400, "encoding_format"),
    ],
)
def test_openai_s_client_shows_what_is_wrong(chat_client, body, status, words):
    given = {"model": "ranklens", "input": TEXTS, **body}
    with pytest.raises(openai.APIStatusError, match=words) as error:
        chat_client.embeddings.create(**given)
    assert error.value.status_code == status
    assert error.value.type == "invalid_request_error"
    assert words in error.value.body["message"]
