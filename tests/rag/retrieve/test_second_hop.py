import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.retrieve.second_hop import combine, names
from rag.store.analyse import Analyser
from rag.types import ranked
from tests.fakes import make_chunk

ANALYSE = Analyser("english")


def hits(**scores):
    return ranked((make_chunk(name), score) for name, score in scores.items())


@pytest.mark.parametrize(
    ("passage", "found"),
    [
        ("Ed Wood is a film by Tim Burton of 1994.", ["Tim Burton", "1994"]),
        ("the Bank of England raised it", ["Bank of England"]),
        ("Ed Wood", []),
        ("no names here", []),
        ("Île-de-France and Ångström", ["Île-de-France", "Ångström"]),
        ("über die élan vital", []),
        ("Burton met Burton", ["Burton"]),
    ],
)
def test_names_that_the_question_lacks(passage, found):
    assert names("Who made the film Ed Wood?", passage, ANALYSE) == found


def test_a_text_of_capitals_gives_no_endless_query():
    assert len(" ".join(names("why", "NASA ESA! " * 10_000, ANALYSE))) < 2_000


def test_the_better_of_both_hops_counts():
    first = hits(a=10.0, b=9.0, c=8.0)  # worth 1, 5/6, 5/7
    second = hits(d=3.0, c=2.0, b=1.0)  # the same times 0.9
    made = combine([(first, 1.0), (second, 0.9)])
    assert [(h.chunk.id, round(h.score, 6)) for h in made] == [
        ("a", 1.0),
        ("d", 0.9),
        ("b", round(5 / 6, 6)),
        ("c", 0.75),
    ]


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.floats(-5, 5), max_size=6),
    st.dictionaries(st.sampled_from("abcdef"), st.floats(-5, 5), max_size=6),
    st.floats(0, 1),
)
def test_nothing_is_lost_and_no_decay_keeps_the_first_order_on_top(one, other, decay):
    first, second = hits(**one), hits(**other)
    made = combine([(first, 1.0), (second, decay)])
    assert {h.chunk.id for h in made} == set(one) | set(other)
    kept = [h.chunk.id for h in combine([(first, 1.0), (second, 0.0)]) if h.chunk.id in one]
    assert kept == [h.chunk.id for h in first]
    assert all(0 <= h.score <= 1 for h in made)
