import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from rag.models.workers import BEHIND, Workers, in_background, results


def test_results_come_in_order_and_lazily():
    asked = []

    def tasks():
        for number in range(50):
            asked.append(number)
            yield lambda number=number: number * number

    results = Workers(2).map(tasks())
    assert next(results) == 0
    assert len(asked) < 6
    assert list(results) == [number * number for number in range(1, 50)]


def test_a_failure_reaches_its_caller_and_nobody_else():
    workers = Workers(1)
    with pytest.raises(ZeroDivisionError):
        list(workers.map([lambda: 1, lambda: 1 // 0, lambda: 2]))
    assert list(workers.map([lambda: 3])) == [3]


def wait_for(workers, pieces):
    deadline = time.monotonic() + 5
    while workers._waiting.qsize() < pieces and time.monotonic() < deadline:
        time.sleep(0.001)


def served(second_is_behind):
    """Let two calls wait behind a busy thread; return the order in which their pieces ran."""
    workers, started, gate, order = Workers(1), threading.Event(), threading.Event(), []
    blocker = workers.map([lambda: started.set() or gate.wait()])

    def call(name):
        if name == "first" and second_is_behind:
            with in_background():
                return list(workers.map([lambda: order.append(name)] * 2))
        return list(workers.map([lambda: order.append(name)] * 2))

    with ThreadPoolExecutor(3) as pool:
        blocked = pool.submit(list, blocker)
        assert started.wait(5)
        one = pool.submit(call, "first")
        wait_for(workers, 2)
        two = pool.submit(call, "second")
        wait_for(workers, 4)
        gate.set()
        for done in (blocked, one, two):
            done.result()
    return order


def test_calls_are_served_in_the_order_in_which_they_came():
    assert served(second_is_behind=False) == ["first"] * 2 + ["second"] * 2


def test_background_work_waits_for_questions():
    assert served(second_is_behind=True) == ["second"] * 2 + ["first"] * 2


def here():
    return threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives a thread a priority")
@pytest.mark.parametrize("pieces", [1, 3])
def test_background_work_has_threads_of_a_lower_priority(pieces):
    thread, own = here()
    with in_background():
        ran = list(results([here] * pieces))
    assert {priority for _, priority in ran} == {max(own, BEHIND)}
    assert thread not in dict(ran)
    assert {priority for _, priority in results([here] * pieces)} == {own}


def test_a_single_piece_is_computed_by_the_thread_that_asks():
    assert list(results([threading.get_ident])) == [threading.get_ident()]
