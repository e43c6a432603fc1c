import threading
from contextvars import ContextVar
from functools import partial

import pytest

from ingest.ahead import UNDER_WAY, ahead

WAITS = 30.0  # seconds at most


def test_results_come_in_order_whichever_is_done_first():
    second_is_done = threading.Event()

    def first():
        assert second_is_done.wait(WAITS)  # only a task that runs beside this one can set it
        return 1

    def second():
        second_is_done.set()
        return 2

    assert list(ahead([first, second, lambda: 3])) == [1, 2, 3]


def test_nothing_to_do_gives_nothing():
    assert list(ahead([])) == []


def test_only_a_few_tasks_are_begun_before_their_results_are_taken():
    drawn = []

    def tasks():
        for number in range(100):
            drawn.append(number)
            yield partial(int, number)

    results = ahead(tasks())
    assert len(drawn) == UNDER_WAY
    assert next(results) == 0
    assert len(drawn) == UNDER_WAY + 1
    results.close()


def test_a_failure_is_raised_in_its_turn():
    results = ahead([lambda: 1, lambda: 1 // 0, lambda: 3])
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_who_ends_early_does_not_wait_and_the_rest_is_dropped():
    go_on, begun = threading.Event(), []

    def hang():
        begun.append(1)
        go_on.wait(WAITS)

    results = ahead([lambda: 1, hang, hang, hang, hang, hang])
    assert next(results) == 1
    results.close()  # returns although tasks hang
    go_on.set()
    for thread in threading.enumerate():
        if thread.name.startswith("ahead"):
            thread.join(WAITS)
    assert len(begun) <= UNDER_WAY


def test_a_task_sees_the_callers_context():
    setting = ContextVar("setting", default="outside")
    setting.set("inside")
    assert list(ahead([setting.get])) == ["inside"]
