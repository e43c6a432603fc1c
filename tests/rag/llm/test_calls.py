import time

import pytest

from rag.errors import ProviderError
from rag.llm.calls import FIRST_WAIT, LONGEST_WAIT, persistently, side_by_side, within


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
    call, _ = failing(*[ProviderError("busy", passing=True)] * 3)
    waits = []
    assert persistently(call, 60, 3, waits.append) == ("done", 3)
    for place, wait in enumerate(waits):
        assert FIRST_WAIT * 2**place <= wait <= 1.25 * FIRST_WAIT * 2**place


def test_a_server_that_names_its_wait_is_believed():
    call, _ = failing(ProviderError("busy", passing=True, wait=3.5))
    waits = []
    assert persistently(call, 60, 1, waits.append) == ("done", 1)
    assert waits == [3.5]


@pytest.mark.parametrize(
    ("fault", "retries"),
    [
        (ProviderError("refused"), 5),
        (ProviderError("busy", passing=True, wait=16), 5),
        (ProviderError("busy", passing=True, wait=LONGEST_WAIT + 1), 5),
        (ProviderError("busy", passing=True), 0),
    ],
    ids=["not passing", "beyond the deadline", "beyond reason", "no tries left"],
)
def test_what_is_hopeless_is_raised_at_once(fault, retries):
    call, _ = failing(fault)
    with pytest.raises(ProviderError) as raised:
        persistently(call, 15, retries, lambda _: pytest.fail("waited"))
    assert raised.value is fault


def test_whoever_is_stopped_while_waiting_does_not_try_again():
    call, seconds = failing(ProviderError("busy", passing=True))
    with pytest.raises(ProviderError):
        persistently(call, 60, 3, lambda _: True)
    assert len(seconds) == 1


def test_a_later_try_gets_what_is_left_of_the_time():
    call, seconds = failing(ProviderError("busy", passing=True, wait=0.05))
    persistently(call, 1.0, 1)
    assert seconds[1] <= seconds[0] - 0.05


def test_calls_keep_their_order_and_the_first_failure_ends_it():
    calls = [lambda n=n: time.sleep(0.02 * (3 - n)) or n for n in range(4)]
    assert side_by_side(calls, 2) == [0, 1, 2, 3]
    ran = []
    with pytest.raises(ProviderError):
        side_by_side([failing_now, *[lambda: ran.append(time.sleep(0.05)) for _ in range(40)]], 2)
    assert len(ran) < 40


def failing_now():
    raise ProviderError("no")


def test_what_a_caller_does_with_a_piece_does_not_count():
    pieces = iter(["The", "", "", "sky"])
    for piece in within(pieces, 0.1, lambda: pytest.fail("hung up"), bool):
        time.sleep(0.3 if piece else 0.0)
