import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.llm.remote import (
    FIRST_WAIT,
    Fault,
    Poster,
    Server,
    bare_url,
    persistently,
    retry_after,
    said,
    side_by_side,
)


def failing(*faults):
    """Return a call that raises these, one each, and then works; and what it was given."""
    left, seconds = list(faults), []

    def call(remaining):
        seconds.append(remaining)
        if left:
            raise left.pop(0)
        return "done"

    return call, seconds


def test_waits_double_and_are_told_apart_by_a_quarter_at_most():
    call, _ = failing(*[Fault("busy", passing=True)] * 3)
    waits = []
    assert persistently(call, 60, 3, waits.append) == ("done", 3)
    for place, wait in enumerate(waits):
        assert FIRST_WAIT * 2**place <= wait <= 1.25 * FIRST_WAIT * 2**place


def test_a_server_that_names_its_wait_is_believed():
    call, _ = failing(Fault("busy", passing=True, wait=3.5))
    waits = []
    assert persistently(call, 60, 1, waits.append) == ("done", 1)
    assert waits == [3.5]


@pytest.mark.parametrize(
    ("fault", "retries"),
    [
        (Fault("refused"), 5),
        (Fault("busy", passing=True, wait=61), 5),
        (Fault("busy", passing=True), 0),
    ],
    ids=["not passing", "beyond the deadline", "no tries left"],
)
def test_what_is_hopeless_is_raised_at_once(fault, retries):
    call, _ = failing(fault)
    with pytest.raises(Fault) as raised:
        persistently(call, 60, retries, lambda _: pytest.fail("waited"))
    assert raised.value is fault


def test_a_later_try_gets_what_is_left_of_the_time():
    call, seconds = failing(Fault("busy", passing=True, wait=0.05))
    persistently(call, 1.0, 1)
    assert seconds[1] <= seconds[0] - 0.05


def test_calls_keep_their_order_and_the_first_failure_ends_it():
    calls = [lambda n=n: time.sleep(0.02 * (3 - n)) or n for n in range(4)]
    assert side_by_side(calls, 2) == [0, 1, 2, 3]
    ran = []
    with pytest.raises(Fault):
        side_by_side([failing_now, *[lambda: ran.append(time.sleep(0.05)) for _ in range(40)]], 2)
    assert len(ran) < 40


def failing_now():
    raise Fault("no")


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
def test_what_servers_say_is_found_in_every_shape(body, words):
    assert said(body) == words


@given(st.text(max_size=50))
def test_no_message_holds_the_key(around):
    server = Server("X", "http://user:pw@host/v1", "x_key", "geheim-0123")
    fault = server.status(400, {"message": f"{around} geheim-0123 {around}"}, {})
    assert "geheim" not in str(fault)
    assert "pw" not in repr(server) + str(server.unreachable(OSError()))


def test_addresses_lose_their_password():
    assert bare_url("https://a:b@host/x") == "https://host/x"


@pytest.mark.parametrize("url", ["", "host", "http://", "http://[::1", "ftp://x"])
def test_a_wrong_address_is_a_fault_in_words(url):
    with pytest.raises(Fault, match="cannot be reached"):
        Poster(Server("X", url)).post("/rerank", {}, 1.0)
