"""What every lexical engine does alike."""

import itertools
import math
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rag.errors import LibraryError, LibraryMismatch
from rag.store.analyse import Analyser
from rag.store.inverted import InvertedIndex
from rag.store.lexical import LexicalIndex, Population
from rag.store.okapi import OkapiIndex
from tests.rag.store.words import Words

Open = Callable[[], LexicalIndex]
IDF_OF_ONE_IN_THREE = math.log(3 - 1 + 0.5) - math.log(1 + 0.5)


@pytest.fixture(params=[InvertedIndex, OkapiIndex], ids=["inverted", "rank-bm25"])
def open_index(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    return lambda: request.param.open(tmp_path / "lexical", Words())


def found(index: LexicalIndex, query: str, k: int = 10) -> list[str]:
    return [id for id, _ in index.search(query, k)]


def test_scores_as_worked_out_by_hand(open_index: Open) -> None:
    index = open_index()
    index.add(["1", "2", "3"], ["a a", "b c", "b d"])
    # a: once among three; twice in a chunk of mean length: 2 * 2.5 / (2 + 1.5)
    assert index.search("a", 5) == [("1", pytest.approx(IDF_OF_ONE_IN_THREE * 5 / 3.5))]


def test_best_first_and_cut_to_k(open_index: Open) -> None:
    index = open_index()
    index.add(list("1234567"), ["x y", "a x", "a a", "y y", "x y", "y z", "z z"])
    assert found(index, "a") == ["3", "2"]
    assert found(index, "a", 1) == ["3"]
    assert found(index, "a", 0) == []


def test_ties_stand_in_the_order_of_adding(open_index: Open) -> None:
    index = open_index()
    index.add(["z", "m", "a"], ["t", "t", "t"])
    index.add(["k", *"123456"], ["t", *"uvwxyz"])
    assert found(index, "t") == ["z", "m", "a", "k"]
    assert found(index, "t", 2) == ["z", "m"]


def test_an_id_that_is_there_is_replaced_and_goes_last(open_index: Open) -> None:
    index = open_index()
    index.add(["1", "2", "3", "4", "5"], ["a", "a", "x", "y", "z"])
    index.add(["1"], ["a"])
    assert found(index, "a") == ["2", "1"]
    index.add(["2"], ["b"])
    assert found(index, "a") == ["1"]
    assert index.ids() == set("12345")


def test_an_id_that_comes_twice_keeps_the_later_text(open_index: Open) -> None:
    index = open_index()
    index.add(["1", "2", "1", "3", "4"], ["a", "b", "b", "c", "d"])
    assert found(index, "a") == []
    assert found(index, "b") == ["2", "1"]


def test_removed_chunks_are_not_found_and_count_for_nothing(open_index: Open) -> None:
    index = open_index()
    index.add(list("12345"), ["a", "a b", "c", "d", "a a a"])
    index.remove(["5", "1", "unknown"])
    assert found(index, "a") == ["2"]
    assert index.score("a", ["1", "5"]) == [0.0, 0.0]
    assert index.explain("a", "1") == {}
    rebuilt = InvertedIndex(Path("unused"), Words())
    rebuilt.add(list("234"), ["a b", "c", "d"])
    assert index.search("a b", 5) == [(i, pytest.approx(s)) for i, s in rebuilt.search("a b", 5)]


def test_only_chunks_that_share_a_term_even_where_scores_are_not_above_zero(
    open_index: Open,
) -> None:
    index = open_index()
    index.add(["1", "2", "3"], ["a", "a", "b"])  # IDF of a below 0: floored at a share of the mean
    assert found(index, "a") == ["1", "2"]
    index.add(["4"], ["b"])  # IDF of both exactly 0
    assert index.search("a", 5) == [("1", 0.0), ("2", 0.0)]


def test_repeated_words_of_a_query_count_repeatedly(open_index: Open) -> None:
    index = open_index()
    index.add(["1", "2", "3"], ["a", "b", "c"])
    once, thrice = index.score("a", ["1"])[0], index.score("a a a", ["1"])[0]
    assert thrice == pytest.approx(3 * once)
    assert index.explain("a a a", "1") == {"a": pytest.approx(thrice)}


@pytest.mark.parametrize("engine", [InvertedIndex, OkapiIndex])
def test_parts_of_an_identifier_do_not_outweigh_the_words_of_a_question(
    engine: type[LexicalIndex], tmp_path: Path
) -> None:
    index = engine.open(tmp_path, Analyser("english"))
    index.add(["answer"], ["Revenue of the segment in FY2023 was 7 million"])
    index.add(["other"], ["Leases FY2020, FY2021, FY2022, FY2024, FY2025, FY2026 mature"])
    index.add(list("123456"), ["revenue grew", "the segment", *(f"rent {n}" for n in "abcd")])
    assert found(index, "segment revenue FY2023")[:1] == ["answer"]
    assert "other" not in found(index, "segment revenue FY2023")


def test_explanations_name_the_matching_terms(open_index: Open) -> None:
    index = open_index()
    index.add(["1", "2", "3", "4"], ["a b", "b c", "d", "e"])
    parts = index.explain("a b c z", "1")
    assert set(parts) == {"a", "b"}
    assert sum(parts.values()) == pytest.approx(index.score("a b c z", ["1"])[0])
    assert index.explain("a", "unknown") == {}


def test_scores_of_given_chunks_in_the_order_asked(open_index: Open) -> None:
    index = open_index()
    index.add(["1", "2", "3"], ["a", "b", "c"])
    scores = index.score("b", ["3", "2", "unknown", "2"])
    assert scores == [0.0, pytest.approx(index.search("b", 1)[0][1]), 0.0, scores[1]]


def test_a_population_counts_as_if_there_were_nothing_else(
    open_index: Open, tmp_path: Path
) -> None:
    rng = random.Random(5)
    texts = {str(n): " ".join(rng.choices("abcdefgh", k=rng.randint(1, 9))) for n in range(60)}
    index, alone = open_index(), InvertedIndex.open(tmp_path / "alone", Words())
    for id, text in texts.items():
        index.add([id], [text])
    index.remove(["7", "8"])
    ids = frozenset(id for id in texts if int(id) % 3 and id not in "78")
    for id in sorted(ids, key=int):
        alone.add([id], [texts[id]])
    among = Population(ids, ())
    for query in ("a", "b c", "h h a", "z", "a b c d e f g h"):
        expected = [(id, pytest.approx(score, abs=1e-12)) for id, score in alone.search(query, 9)]
        assert index.search(query, 9, among=among) == expected
        assert index.score(query, ["1", "3"], among) == pytest.approx(
            alone.score(query, ["1", "3"]), abs=1e-12
        )
        assert index.explain(query, "4", among) == pytest.approx(alone.explain(query, "4"))
    some = frozenset(sorted(ids)[:5])
    within = index.search("a b", 99, some, among)
    assert within == [pair for pair in index.search("a b", 99, among=among) if pair[0] in some]


def test_a_population_is_counted_anew_after_a_change(open_index: Open) -> None:
    index = open_index()
    index.add(list("1234"), ["a", "b", "c", "a d"])
    among = Population(frozenset("123"), ())
    before = index.search("a", 9, among=among)
    index.add(["5"], ["a"])
    assert index.search("a", 9, among=among) == before
    index.remove(["2"])
    assert index.search("a", 9, among=among) != before


@pytest.mark.parametrize("texts", [[], ["", " "]])
def test_nothing_to_find(open_index: Open, texts: list[str]) -> None:
    index = open_index()
    index.add([str(n) for n in range(len(texts))], texts)
    assert index.search("a", 5) == []
    assert index.search("", 5) == []
    assert index.score("a", ["0"]) == [0.0]
    assert len(index.ids()) == len(texts)


def test_removing_everything_leaves_an_index_that_works(open_index: Open) -> None:
    index = open_index()
    index.add(["1", "2"], ["a", "b"])
    index.remove(index.ids())
    assert index.search("a", 5) == []
    index.add(["3", "4", "5"], ["a", "b", "c"])
    assert found(index, "a") == ["3"]


def test_as_many_texts_as_ids(open_index: Open) -> None:
    with pytest.raises(ValueError, match="shorter"):
        open_index().add(["1", "2"], ["a"])


def test_what_was_saved_is_there_without_analysing_again(
    open_index: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = open_index()
    index.add(list("1234"), ["a b", "ä\ud800 b", "c", ""])
    index.remove(["3"])
    index.save()
    expected = index.search("b", 5)
    monkeypatch.setattr(Words, "__call__", lambda self, text: ["b"] if text == "?" else 1 / 0)
    again = open_index()
    assert again.search("?", 5) == expected != []
    assert again.ids() == set("124")


def test_what_was_not_saved_is_not_there(open_index: Open) -> None:
    index = open_index()
    index.add(["1"], ["a"])
    index.save()
    index.add(["2"], ["a"])
    assert open_index().ids() == {"1"}


def test_saving_without_a_change_writes_nothing(open_index: Open, tmp_path: Path) -> None:
    index = open_index()
    index.add(["1"], ["a"])
    index.save()
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "lexical").iterdir()}
    index.remove(["unknown"])
    index.save()
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "lexical").iterdir()} == before


def test_another_analyser_is_refused(open_index: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    index = open_index()
    index.add(["1"], ["a"])
    index.save()
    monkeypatch.setattr(Words, "name", "words-2")
    with pytest.raises(LibraryMismatch, match=r"words-1.*words-2.*ranklens rebuild"):
        open_index()


def test_every_damaged_file_is_named(open_index: Open, tmp_path: Path) -> None:
    index = open_index()
    index.add(list("123456"), ["a b", "b c", "d", "a", "f g h", "i"])
    index.save()
    for path in (tmp_path / "lexical").iterdir():
        good = path.read_bytes()
        for at in range(0, len(good), 7):
            path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
            with pytest.raises(LibraryError, match=f"{path.name}.*ranklens rebuild"):
                open_index()
        for cut in (0, 1, len(good) // 2, len(good) - 2):
            path.write_bytes(good[:cut])
            with pytest.raises(LibraryError, match=f"{path.name}.*ranklens rebuild"):
                open_index()
        path.write_bytes(good)
    assert open_index().ids() == set("123456")


class _Killed(BaseException):
    """Stands for the end of the process."""


def test_a_save_broken_off_at_any_step_leaves_the_former_or_the_new_state(
    open_index: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = []
    for step in range(100):
        index = open_index()
        index.remove(index.ids())
        index.add(list("123"), ["a", "b", "c"])
        index.save()
        index.add(["1", "4"], ["a d", "d"])
        finished = _saved_before(step, index, monkeypatch)
        again = open_index()
        states.append(again.ids())
        assert found(again, "d") == (["1", "4"] if "4" in again.ids() else [])
        if finished:
            break
    assert finished
    assert states[0] == set("123")
    assert states[-1] == set("1234")
    assert all(state in (set("123"), set("1234")) for state in states)


def _saved_before(step: int, index: LexicalIndex, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Save, broken off at the ``step``-th call of the operating system; return if it finished."""
    calls = itertools.count()

    def breaking(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if next(calls) == step:
                raise _Killed
            return real(*args, **kwargs)

        return call

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", breaking(os.fsync))
        for name in ("open", "replace", "unlink", "mkdir", "iterdir"):
            patched.setattr(Path, name, breaking(getattr(Path, name)))
        try:
            index.save()
        except _Killed:
            return False
    return True
