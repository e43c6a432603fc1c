"""Faults of providers in plain words: no message holds a key, every one names what to do."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.llm.faults import Endpoint, Failure, lost, refusal, retry_after, words_of

ENDPOINT = Endpoint("X", "http://user:pw@host/v1", "x_url", "geheim-0123", "x_key", model="m")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("2", 2.0), ("0.5", 0.5), ("-3", 0.0), ("", None), ("soon", None)],
)
def test_retry_after(value, expected):
    assert retry_after({"retry-after": value}) == expected
    assert retry_after({"Retry-After": value}) == expected


def test_retry_after_may_be_a_date():
    assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0.0


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"message": "a"}, "a"),
        ({"detail": [{"loc": 1}]}, '[{"loc": 1}]'),
        ({"error": {"message": "a"}}, "a"),
        ({"error": "a"}, "a"),
        ("<b>a</b>", " a "),
        (None, ""),
        ([1], ""),
        ({}, ""),
    ],
)
def test_a_servers_own_words_are_found_in_every_shape(body, words):
    assert words_of(body) == words


@given(st.text(max_size=50))
def test_no_message_holds_the_key(around):
    failure = refusal(400, {"message": f"{around} geheim-0123 {around}"}, {})
    assert "geheim" not in str(ENDPOINT.error(failure))
    assert "pw" not in repr(ENDPOINT) + str(ENDPOINT.error(lost(OSError())))
    assert "geheim" not in repr(ENDPOINT)


@pytest.mark.parametrize(
    "key",
    [
        *(
            f"{start}-0123456789ab"
            for start in ["sk", "pk", "pa", "key", "gsk", "hf", "xai", "jina"]
        ),
        *(f"{start}_0123456789ab" for start in ["sk", "pk", "pa", "gsk", "hf"]),
        "sk-proj-0123456789ab",
        "sk-01****89ab",
        "JINA_0123456789ab",
        "Bearer abcdef",
        "bearer eyJhbGciOi.x.y",
    ],
)
def test_anything_like_a_key_is_left_out(key):
    assert ENDPOINT.clean(f"no such key {key} here") == "no such key … here"


def test_ordinary_words_are_no_keys():
    words = "the key-value store asked for a task-specific model; hf_hub is away"
    assert ENDPOINT.clean(words) == words


def test_the_address_is_called_and_shown_without_its_password():
    assert (ENDPOINT.address, ENDPOINT.login) == ("http://host/v1", ("user", "pw"))
    assert ENDPOINT.clean("no user pw here") == "no … … here"


@pytest.mark.parametrize(
    ("failure", "words", "passing"),
    [
        (Failure("status", status=401), "refused the key (401). Check RANKLENS_X_KEY", False),
        (Failure("status", status=403), "does not let this key use m (403)", False),
        (Failure("status", status=404), "does not know the model m", False),
        (Failure("status", status=429, wait=3.0), "asks to wait 3 seconds", True),
        (Failure("status", status=429, code="insufficient_quota"), "no credit left", False),
        (Failure("status", status=503), "failed (503); ask again in a moment", True),
        (Failure("status", status=408), "did not accept the request (408)", True),
        (
            Failure("status", "bad", 422),
            "did not accept the request (422). Its message: bad",
            False,
        ),
        (Failure("time"), "did not answer within 2 seconds. It may still be loading m", False),
        (Failure("unreachable"), "cannot be reached. Check x_url", True),
        (Failure("cut"), "hung up in the middle", True),
        (Failure("protocol", "<html>"), "not its protocol. Check that x_url", False),
        (Failure("stream", "worker died"), "while it answered. Its message: worker died", False),
    ],
)
def test_a_failure_names_the_provider_and_what_to_do(failure, words, passing):
    error = ENDPOINT.error(failure, seconds=2)
    assert str(error).startswith("X (http://host/v1)")
    assert words in str(error)
    assert error.passing is passing


def test_once_a_part_has_arrived_nothing_is_tried_again():
    error = ENDPOINT.error(Failure("cut"), arrived=True)
    assert not error.passing
    assert "What arrived is kept" in str(error)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ConnectError(""), "unreachable"),
        (httpx.ConnectTimeout(""), "time"),
        (TimeoutError(), "time"),
        (httpx.ReadError(""), "cut"),
        (httpx.RemoteProtocolError(""), "cut"),
        (httpx.InvalidURL(""), "unreachable"),
    ],
)
def test_a_lost_connection_is_told_apart_from_a_silent_one(error, kind):
    assert lost(error).kind == kind


def test_what_is_missing_is_named_before_any_call():
    assert ENDPOINT.missing() == ""
    keyless = Endpoint("X", "http://host", "x_url", "", "x_key", "XKEY", needs_key=True)
    assert "Set RANKLENS_X_KEY (or XKEY)" in keyless.missing()
    assert "set x_url (RANKLENS_X_URL)" in Endpoint("X", "", "x_url").missing()
