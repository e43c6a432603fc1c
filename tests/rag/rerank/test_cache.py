import sqlite3
import threading

import pytest

from rag.rerank.cache import FILE, ScoreCache, key
from tests.fakes import make_pool
from tests.rag.rerank.conftest import ids
from tests.rag.rerank.fakes import Counted


def texts(counted):
    return [len(asked) for _, asked in counted.asked]


def test_what_was_scored_once_is_not_scored_again(run):
    counted = Counted("overlap 1")
    first = run(counted, make_pool("mars", "sun"), "mars")
    again = run(counted, make_pool("sun", "mars", "moon"), "mars")
    other = run(counted, make_pool("mars"), "sun")
    assert texts(counted) == [2, 1, 1]
    assert (first.details["cache_hits"], again.details["cache_hits"]) == (0, 2)
    assert again.details["pairs"] == 3
    assert ids(again) == ["mars", "sun", "moon"]
    assert other.details["cache_hits"] == 0


def test_another_revision_knows_nothing(run):
    run(Counted("overlap 1"), make_pool("mars"), "mars")
    newer = Counted("overlap 2")
    # a changed option loads the reranker anew
    run(newer, make_pool("mars"), "mars", others={"newer": newer}, reranker="newer")
    assert texts(newer) == [1]


def test_it_can_be_switched_off_and_needs_an_identity(run, base):
    for name, counted in {"off": Counted("overlap 1"), "unnamed": Counted("")}.items():
        for _ in range(2):
            size = 0 if name == "off" else 10
            run(None, make_pool("a"), others={name: counted}, reranker=name, rerank_cache_mb=size)
        assert texts(counted) == [1, 1]
    assert not (base.cache / FILE).exists()


def test_a_listwise_reranker_is_asked_again_unless_the_list_is_the_same(run):
    counted = Counted("list", listwise=True)
    for pool in (make_pool("a", "b"), make_pool("a", "b"), make_pool("a", "b", "c")):
        run(counted, pool, "a")
    assert texts(counted) == [2, 3]


def test_equal_passages_are_scored_once(base):
    assert key("m", "q", "t") == key("m", "q", "t")
    parts = [("m", "q", "t"), ("mq", "", "t"), ("m", "qt", ""), ("m", "q", "t", ("x",))]
    assert len({key(*part) for part in parts}) == len(parts)


def test_it_survives_the_process_and_stays_within_its_size(tmp_path):
    store = ScoreCache(tmp_path, 1)
    for start in range(0, 30_000, 1000):
        store.put({key("m", "q", str(n)): float(n) for n in range(start, start + 1000)})
    store.close()
    assert (tmp_path / FILE).stat().st_size < 1_100_000
    again = ScoreCache(tmp_path, 1)
    newest = [key("m", "q", str(n)) for n in range(29_000, 30_000)]
    assert len(again.get(newest)) == 1000
    assert len(again.get([key("m", "q", "0")])) == 0
    again.close()


def test_what_is_used_stays(tmp_path, monkeypatch):
    now = [1_000_000.0]
    monkeypatch.setattr("rag.rerank.cache.time.time", lambda: now[0])
    store = ScoreCache(tmp_path, 1)
    store._rows = 10
    keys = [key("m", "q", str(n)) for n in range(13)]
    store.put(dict.fromkeys(keys[:10], 1.0))
    now[0] += 100
    assert keys[0] in store.get([keys[0]])
    now[0] += 100
    store.put(dict.fromkeys(keys[10:], 1.0))
    assert set(store.get([keys[0], *keys[10:]])) == {keys[0], *keys[10:]}
    store.close()


@pytest.mark.parametrize("damage", [b"no database at all", b"SQLite format 3\0" + b"x" * 4000])
def test_a_damaged_file_is_made_anew(damage, tmp_path, caplog):
    (tmp_path / FILE).write_bytes(damage)
    store = ScoreCache(tmp_path, 1)
    k = key("m", "q", "t")
    assert store.get([k]) == {}
    store.put({k: 2.0})
    store.put({k: 2.0})
    assert store.get([k]) == {k: 2.0}
    assert "cannot be used" in caplog.text
    store.close()


def test_a_folder_that_cannot_be_written_is_an_empty_cache(tmp_path):
    (tmp_path / "file").write_text("x")
    store = ScoreCache(tmp_path / "file", 1)
    store.put({b"k": 1.0})
    assert store.get([b"k"]) == {}


def test_two_processes_and_threads_share_it(tmp_path):
    stores = [ScoreCache(tmp_path, 5), ScoreCache(tmp_path, 5)]

    def work(store, name):
        for n in range(50):
            store.put({key(name, "q", str(n)): float(n)})

    threads = [threading.Thread(target=work, args=(s, f"{i}")) for i, s in enumerate(stores * 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        store.close()
    with sqlite3.connect(tmp_path / FILE) as connection:
        assert connection.execute("SELECT count(*) FROM scores").fetchone() == (200,)
    connection.close()
