"""Calls of several threads: computed together, in order, each with its own results and errors."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from rag.errors import ModelError, RanklensError
from rag.models.batching import Batcher, batcher_for
from rag.models.deadline import within
from rag.models.onnx.cross import OnnxCross
from rag.models.workers import processors
from tests.rag.models.tiny import save_cross

LATE = RanklensError("too late")


class Model:
    """Doubles numbers, keeps its passes, and waits for `go` in each of them."""

    def __init__(self, **options: object) -> None:
        self.passes: list[list[int]] = []
        self.threads: list[int] = []
        self.go = threading.Semaphore(0)
        self.begun = threading.Semaphore(0)
        self.batcher: Batcher[int, int] = Batcher(self.run, **options)

    def run(self, rows: list[int]) -> Sequence[int]:
        self.passes.append(rows)
        self.threads.append(threading.get_ident())
        self.begun.release()
        assert self.go.acquire(timeout=10)
        if -2 in rows:
            raise KeyboardInterrupt
        if -1 in rows:
            raise ModelError("a row is wrong")
        return [2 * row for row in rows]

    def waits_for(self, calls: int) -> None:
        end = time.monotonic() + 10
        while len(self.batcher._waiting) != calls:
            assert time.monotonic() < end
            time.sleep(0.001)


@pytest.fixture
def pool():
    with ThreadPoolExecutor(8) as threads:
        yield threads


def queued(model: Model, pool: ThreadPoolExecutor, calls: Sequence[list[int]]) -> list:
    """Call the model: the first call is being computed, the others wait in this order."""
    found = [pool.submit(model.batcher, calls[0])]
    assert model.begun.acquire(timeout=10)
    already = len(model.batcher._waiting)
    for number, rows in enumerate(calls[1:], already + 1):
        found.append(pool.submit(model.batcher, rows))
        model.waits_for(number)
    return found


def test_a_lone_call_is_computed_at_once_in_its_own_thread():
    model = Model()
    model.go.release()
    assert model.batcher([1, 2, 3]) == [2, 4, 6]
    assert model.passes == [[1, 2, 3]]
    assert model.threads == [threading.get_ident()]
    assert model.batcher([]) == []


def test_calls_that_wait_are_computed_together_in_order(pool):
    model = Model(most=10)
    found = queued(model, pool, [[1], [2, 3], [4], [5, 6]])
    model.go.release(2)
    assert [one.result(10) for one in found] == [[2], [4, 6], [8], [10, 12]]
    assert model.passes == [[1], [2, 3, 4, 5, 6]]


def test_a_pass_is_bounded_and_a_long_call_gives_way(pool):
    model = Model(most=3)
    found = queued(model, pool, [[1], list(range(10, 18)), [2, 3], [4, 5]])
    model.go.release(20)
    assert found[1].result(10) == [2 * row for row in range(10, 18)]
    assert [one.result(10) for one in found[2:]] == [[4, 6], [8, 10]]
    assert model.passes[:3] == [[1], [10, 11, 12], [2, 3, 4]]
    assert all(len(rows) <= 3 for rows in model.passes)
    # What was left of [4, 5] came before the rest of the long call.
    assert model.passes[3] == [5, 13, 14]


def test_an_error_is_the_caller_s_whose_rows_raise_it(pool):
    model = Model()
    found = queued(model, pool, [[1], [2], [-1, 3], [4]])
    model.go.release(20)
    assert [found[i].result(10) for i in (0, 1, 3)] == [[2], [4], [8]]
    with pytest.raises(ModelError, match="a row is wrong"):
        found[2].result(10)
    model.go.release()
    assert model.batcher([5]) == [10]  # and the next call is computed as ever


@pytest.mark.parametrize("mixed", [True, False])
def test_an_interrupt_ends_every_call_of_its_pass(pool, mixed: bool):
    model = Model(mixed=mixed)
    found = queued(model, pool, [[1], [-2], [3]])
    model.go.release(20)
    assert found[0].result(10) == [2]
    for one in found[1:]:
        with pytest.raises(KeyboardInterrupt):
            one.result(10)
    assert model.batcher([5]) == [10]


def test_a_call_that_nobody_waits_for_is_dropped(pool):
    model = Model()
    (first,) = queued(model, pool, [[1]])
    stop = threading.Event()
    stopped = pool.submit(within, 10, lambda: model.batcher([2]), "t", LATE, stop)
    late = pool.submit(within, 0.05, lambda: model.batcher([3]), "t", LATE)
    kept = pool.submit(within, 10, lambda: model.batcher([4]), "t", LATE)
    model.waits_for(3)
    stop.set()
    with pytest.raises(RanklensError, match="nobody waits"):
        stopped.result(10)
    with pytest.raises(RanklensError, match="too late"):
        late.result(10)
    model.go.release(2)
    assert (first.result(10), kept.result(10)) == ([2], [8])
    assert model.passes == [[1], [4]]


def test_passes_side_by_side_and_of_one_caller_each(pool):
    model = Model(lanes=2, mixed=False)
    first = pool.submit(model.batcher, [1])
    second = pool.submit(model.batcher, [2])
    assert model.begun.acquire(timeout=10)
    assert model.begun.acquire(timeout=10)
    rest = [pool.submit(model.batcher, [n, n]) for n in (3, 4)]
    model.waits_for(2)
    model.go.release(4)
    assert [one.result(10) for one in (first, second, *rest)] == [[2], [4], [6, 6], [8, 8]]
    assert sorted(model.passes) == [[1], [2], [3, 3], [4, 4]]


@pytest.mark.parametrize(("lanes", "mixed"), [(1, True), (3, True), (2, False)])
def test_many_callers_each_get_their_own_results(lanes: int, mixed: bool):
    drawn = random.Random(lanes)
    busy, most, lock = 0, 0, threading.Lock()

    def run(rows: list[int]) -> list[int]:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        assert len(rows) <= 16
        time.sleep(0.0005)
        with lock:
            busy -= 1
        if 7 in rows:
            raise ModelError("seven")
        return [row * row for row in rows]

    batcher: Batcher[int, int] = Batcher(run, lanes, 16, mixed)
    calls = [[drawn.randrange(2000) for _ in range(drawn.choice((1, 5, 40)))] for _ in range(300)]
    calls += [[7, 1000 + n] for n in range(9)]
    drawn.shuffle(calls)

    def call(rows: list[int]) -> list[int] | str:
        try:
            return batcher(rows)
        except ModelError as error:
            return str(error)

    with ThreadPoolExecutor(32) as threads:
        found = list(threads.map(call, calls))
    assert found == ["seven" if 7 in rows else [row * row for row in rows] for rows in calls]
    assert most == lanes


def test_an_engine_s_batcher():
    def made(engine: str) -> Batcher[int, int]:
        return batcher_for(engine, lambda rows: rows)

    assert (made("onnx float32")._lanes, made("onnx float32")._mixed) == (processors(), True)
    assert not made("onnx int8")._mixed
    assert made("torch float32 cpu")._free == 1
    assert made("torch bfloat16 cuda")._most > made("torch float32 cpu")._most


@pytest.mark.parametrize("engine", ["float32", "int8"])
def test_logits_do_not_depend_on_other_callers(engine: str, tmp_path, cache_folder):
    model = OnnxCross("tiny", save_cross(tmp_path / "cross", "bert"), cache_folder, engine)
    pools = [(f"question {n} about tides", [f"the moon {n} {i} " * i for i in range(1, 7)])
             for n in range(10)]  # fmt: skip
    alone = [model.judge([pool])[0].logits for pool in pools]
    start = threading.Barrier(len(pools))

    def together(pool: tuple[str, list[str]]) -> tuple[float, ...]:
        start.wait()
        return model.judge([pool])[0].logits

    with counted(model) as passes, ThreadPoolExecutor(len(pools)) as threads:
        found = list(threads.map(together, pools))
    np.testing.assert_allclose(found, alone, rtol=0, atol=1e-5 if engine == "float32" else 0)
    if engine == "float32":
        assert len(passes) < len(pools)


class counted:  # noqa: N801 - a context manager
    """Keeps how many pairs each pass of a model has."""

    def __init__(self, model: OnnxCross) -> None:
        self.batcher = model._together
        self.run: Callable = self.batcher._run

    def __enter__(self) -> list[int]:
        passes: list[int] = []
        self.batcher._run = lambda rows: (passes.append(len(rows)), self.run(rows))[1]
        return passes

    def __exit__(self, *_: object) -> None:
        self.batcher._run = self.run
