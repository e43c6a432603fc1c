"""The inverted index against rank-bm25 through any history, and its own housekeeping."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from rag.store.inverted import InvertedIndex
from tests.rag.store.words import Words

ROOT = Path(__file__).resolve().parents[3]
TEXTS = st.text("abcde ", max_size=12).map(" ".join)
IDS = st.sampled_from("0123456789")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.lists(st.tuples(IDS, TEXTS), min_size=1, max_size=6)),
        st.tuples(st.just("remove"), st.lists(IDS, max_size=4)),
        st.tuples(st.just("restart"), st.none()),
    ),
    max_size=8,
)


def indexed(folder: Path, steps: list) -> tuple[InvertedIndex, dict[str, list[str]]]:
    """Play a history; return the index and the chunks that are left, in order of adding."""
    index, left = InvertedIndex.open(folder, Words()), {}
    for what, given_ in steps:
        if what == "add":
            index.add(*zip(*given_, strict=True))
            for id, text in given_:
                left.pop(id, None)
                left[id] = text.split()
        elif what == "remove":
            index.remove(given_)
            left = {id: terms for id, terms in left.items() if id not in given_}
        else:
            index.save()
            index = InvertedIndex.open(folder, Words())
    return index, left


@settings(max_examples=250, deadline=None)
@given(STEPS, st.text("abcdez", max_size=5).map(list), st.integers(1, 8))
def test_equals_rank_bm25_over_the_chunks_that_are_left(steps, query, k) -> None:
    with tempfile.TemporaryDirectory() as folder:
        index, left = indexed(Path(folder), steps)
    words = " ".join(query)
    assert index.ids() == set(left)
    okapi = BM25Okapi(list(left.values())) if any(left.values()) else None
    values = okapi.get_scores(query).tolist() if okapi else [0.0] * len(left)
    scores = dict(zip(left, values, strict=True))
    sharing = [id for id in left if set(left[id]) & set(query)]

    assert index.score(words, list(left)) == pytest.approx(values, abs=1e-12)
    for id in left:
        parts = index.explain(words, id)
        assert set(parts) == set(left[id]) & set(query)
        assert sum(parts.values()) == pytest.approx(scores[id], abs=1e-12)

    hits = index.search(words, k)
    assert {id for id, _ in hits} <= set(sharing)
    best = sorted((scores[id] for id in sharing), reverse=True)[:k]
    assert [score for _, score in hits] == pytest.approx(best, abs=1e-12)
    assert [scores[id] for id, _ in hits] == pytest.approx(best, abs=1e-12)
    place = list(left).index
    assert hits == sorted(hits, key=lambda hit: (-hit[1], place(hit[0])))
    everything = index.search(words, len(left) + 1)
    assert hits == everything[:k]


def test_scores_equal_to_the_last_bit_where_nothing_is_floored() -> None:
    texts = [f"w{n % 7} w{n % 11} w{n % 13} u{n} u{n * n % 50}" for n in range(200)]
    index = InvertedIndex(Path("unused"), Words())
    index.add([str(n) for n in range(200)], texts)
    query = "w1 u4 w1 w12 u17"
    expected = BM25Okapi([text.split() for text in texts]).get_scores(query.split())
    assert index.score(query, [str(n) for n in range(200)]) == expected.tolist()


def test_growth_stays_bounded(tmp_path: Path) -> None:
    index = InvertedIndex.open(tmp_path, Words())
    for n in range(300):
        index.add(
            [f"id{n}"],
            [f"common word{n} other{n % 50} " + " ".join(f"x{n}-{m}" for m in range(20))],
        )
        if n >= 20:
            index.remove([f"id{n - 20}"])
        if n % 10 == 0:
            index.save()
    index.save()
    assert len(index.ids()) == 20
    assert len(list(tmp_path.iterdir())) <= 8
    assert len(index._numbers) < 3_000  # of 6,600 words met, those of 20 chunks and at most 1,000
    assert sum(len(segment.ids) for segment in index._segments) <= 60
    assert InvertedIndex.open(tmp_path, Words()).search("common", 30) == index.search("common", 30)


def test_segments_fall_in_size(tmp_path: Path) -> None:
    index = InvertedIndex.open(tmp_path, Words())
    for n in range(100):
        index.add([str(n)], [f"a{n}"])
    sizes = [len(segment.ids) for segment in index._segments]
    assert sum(sizes) == 100
    assert all(former > 2 * latter for former, latter in pairwise(sizes))


def test_left_over_files_are_swept_and_do_no_harm(tmp_path: Path) -> None:
    index = InvertedIndex.open(tmp_path, Words())
    index.add(["1"], ["a"])
    index.save()
    (tmp_path / "00000002.segment").write_bytes(b"half")
    (tmp_path / "manifest.json.tmp").write_bytes(b"half")
    index = InvertedIndex.open(tmp_path, Words())
    assert index.ids() == {"1"}
    index.add(["2", "3", "4"], ["b", "c", "d"])
    index.save()
    assert InvertedIndex.open(tmp_path, Words()).ids() == set("1234")
    assert len(list(tmp_path.iterdir())) == 2  # the segments were merged into one


def test_files_that_a_killed_process_left_are_swept_when_the_index_opens(tmp_path: Path) -> None:
    index = InvertedIndex.open(tmp_path, Words())
    index.add(["1"], ["a"])
    index.save()
    (tmp_path / "00000002.segment").write_bytes(b"words of a removed document")
    (tmp_path / "manifest.json.tmp").write_bytes(b"half")
    InvertedIndex.open(tmp_path, Words())
    assert {path.name for path in tmp_path.iterdir()} == {"00000001.segment", "manifest.json"}


def test_forgotten_words_are_in_no_file_and_scores_stay(tmp_path: Path) -> None:
    index = InvertedIndex.open(tmp_path, Words())
    for n in range(40):
        index.add([f"{n}"], [f"common secret{n % 5} word{n}"])
        index.save()
    index.remove([f"{n}" for n in range(40) if n % 5 == 3])
    expected = index.search("common word7", 50)
    index.forget()
    index.save()
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"secret3" not in held
    assert b"secret2" in held
    for again in (index, InvertedIndex.open(tmp_path, Words())):
        assert again.search("common word7", 50) == expected
        again.add(["new"], ["secret3 common"])
        assert [id for id, _ in again.search("secret3", 5)] == ["new"]
    index.forget()
    assert index._forget() is False


def test_searches_go_on_while_chunks_come_and_go() -> None:
    index = InvertedIndex(Path("unused"), Words())
    index.add([f"stay{n}" for n in range(50)], ["a stay"] * 25 + ["b"] * 25)
    stop, problems = threading.Event(), []

    def search() -> None:
        while not stop.is_set():
            hits = {id for id, _ in index.search("stay", 100) if id.startswith("stay")}
            if len(hits) != 25 or index.score("stay", ["stay30"]) != [0.0]:
                problems.append(hits)

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    for n in range(60):
        index.add([f"go{n}", f"went{n}"], [f"a stay w{n}", f"x{n}"])
        index.remove([f"go{n - 3}"])
    stop.set()
    for thread in threads:
        thread.join()
    assert problems == []


SAVING = """
import sys
from pathlib import Path
from rag.store.inverted import InvertedIndex
from tests.rag.store.words import Words
index = InvertedIndex.open(Path(sys.argv[1]), Words())
for n in range(100_000):
    index.add([str(n)], [f"a w{n}"])
    if n % 3 == 0:
        index.add(["moving"], [f"moving m{n}"])
    index.save()
    print(n, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL there")
@pytest.mark.parametrize("acknowledged", [1, 7, 20])
def test_a_killed_process_loses_nothing_that_was_saved(tmp_path: Path, acknowledged: int) -> None:
    command = [sys.executable, "-c", SAVING, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(acknowledged):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        last = acknowledged - 1
        for line in process.stdout:
            last = int(line)
    index = InvertedIndex.open(tmp_path, Words())
    numbers = {int(id) for id in index.ids() - {"moving"}}
    assert numbers in (set(range(last + 1)), set(range(last + 2)))
    newest = max(numbers)
    assert [id for id, _ in index.search(f"w{newest}", 3)] == [str(newest)]
    index.add(["more"], ["more"])
    index.save()
    assert "more" in InvertedIndex.open(tmp_path, Words()).ids()


class Forms(Words):
    """Every word of a question has a second form, as in another language."""

    def question(self, text):
        return [(word, f"{word}x") for word in text.split()]


def test_the_forms_of_one_word_count_as_one(tmp_path):
    index = InvertedIndex.open(tmp_path, Forms())
    texts = {"a": "tide moon", "b": "tide sun", "c": "tidex mars", "d": "probe", "e": "comet"}
    texts |= {name: f"ring {name}" for name in "fghi"}
    index.add([*texts], [*texts.values()])
    plain = InvertedIndex.open(tmp_path / "plain", Words())
    plain.add([*texts], [text.replace("tidex", "tide") for text in texts.values()])
    assert index.search("tide", 9) == plain.search("tide", 9)
    assert index.score("tide", ["c"]) == plain.score("tide", ["c"])
    assert index.explain("tide", "c") == {"tidex": plain.score("tide", ["c"])[0]}
