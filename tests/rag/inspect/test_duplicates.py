import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.inspect.duplicates import NEAR, jaccard, shingles, twins
from tests.fakes import make_chunk

WORDS = [f"w{n}" for n in range(100)]


def changed(*places):
    return " ".join("other" if n in places else word for n, word in enumerate(WORDS))


def passage(id, text):
    return make_chunk(id, text)


def test_a_repeated_passage_names_the_better_one():
    pool = [passage("a", changed()), passage("b", "quite another text than that one here"),
            passage("c", changed().upper() + "!")]  # fmt: skip
    found = twins(pool)
    assert list(found) == ["c"]
    assert (found["c"].of.id, found["c"].likeness) == ("a", 1.0)


def test_likeness_is_the_share_of_runs_that_both_hold():
    # A hundred words have 96 runs of five; a changed word spoils five of them on either side.
    found = twins([passage("a", changed()), passage("b", changed(50))])
    assert found["b"].likeness == pytest.approx(91 / 101)
    found = twins([passage("a", changed()), passage("b", changed(20, 40, 60))])
    assert found["b"].likeness == pytest.approx(81 / 111)
    assert twins([passage("a", changed()), passage("b", changed(20, 40, 60, 80))]) == {}


def test_neighbours_that_overlap_are_no_duplicates():
    text = " ".join(WORDS)
    assert twins([passage("a", text), passage("b", " ".join(WORDS[80:] + ["x"] * 80))]) == {}


def test_short_and_empty_texts():
    assert list(twins([passage("a", "a b"), passage("b", "A, b."), passage("c", "a c")])) == ["b"]
    assert jaccard(shingles(""), shingles("")) == 0.0
    assert twins([passage("a", "?"), passage("b", "!")]) == {}


def test_the_nearest_of_several_is_named_and_the_first_of_equals():
    pool = [passage("a", changed(5)), passage("b", changed()), passage("c", changed())]
    assert twins(pool)["c"].of.id == "b"
    equal = [passage(name, changed()) for name in "abc"]
    assert twins(equal)["c"].of.id == "a"


@given(st.frozensets(st.integers(0, 30)), st.frozensets(st.integers(0, 30)))
def test_likeness_is_jaccard_s_wherever_it_counts(a, b):
    one, other = (frozenset((str(n),) for n in numbers) for numbers in (a, b))
    exact = len(a & b) / len(a | b) if a | b else 0.0
    assert jaccard(one, other) == jaccard(other, one)
    assert jaccard(one, other) == pytest.approx(exact) or exact < NEAR
