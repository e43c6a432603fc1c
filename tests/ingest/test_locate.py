"""Finding passages on pages whose text was taken out in another way."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.locate import locate, marks

WORDS = st.lists(
    st.sampled_from(("mars", "moon", "sun", "ring", "comet", "tide", "orbit", "1997", "3.5"))
)


def shown(passage, page, start=0, end=None):
    """The page's characters that were found for the passage's ``start:end``."""
    places = locate(passage, page).within(start, len(passage) if end is None else end)
    return "".join(page[place] for place in places)


def test_spaces_signs_and_line_ends_do_not_matter():
    page = "A head\r\nThe Moon has no\r\nair; its sky is black.\r\nfoot"
    found = locate("The Moon has no air; its\nsky is black.", page)
    assert found.share == 1.0
    assert shown("The Moon has no air; its\nsky is black.", page) == "TheMoonhasnoairitsskyisblack"


def test_ligatures_hyphens_and_accents_are_the_same_letters():
    assert locate("The first office café", "The \ufb01rst of-\r\nfice cafe\u0301").share == 1.0
    assert locate("The ﬁrst ofﬁce", "The first office").share == 1.0


def test_columns_in_another_order_are_found_in_pieces():
    passage = "the left column ends here. the right column begins there."
    page = "the right column begins there. something else. the left column ends here."
    assert locate(passage, page).share == 1.0


def test_a_table_read_row_by_row_is_found_in_columns():
    page = "Planet\r\nMoons\r\nMercury\r\n0\r\nEarth\r\n1\r\nJupiter\r\n95"
    assert locate("Mercury | 0\nEarth | 1\nJupiter | 95", page).share == 1.0


def test_of_equal_words_those_that_stand_with_the_rest_are_taken():
    page = "Total net sales 100. Unrelated matter in between. Total net sales 200 in Europe."
    passage = "Total net sales 200 in Europe"
    assert min(locate(passage, page).within(0, 5)) == page.rindex("Total")


def test_a_quote_is_a_part_of_the_passage():
    passage = "One sentence here. Another sentence there."
    page = "x One sentence here. Another sentence there. y"
    assert shown(passage, page, 19) == "Anothersentencethere"


def test_what_is_not_there_is_not_found():
    found = locate("quite another matter", "the page says nothing of it")
    assert found.share < 0.3
    assert locate("", "abc").share == 0.0
    assert locate("abc", "").share == 0.0


def test_a_word_far_away_is_not_taken_for_the_passage():
    told = "Adjusted cost and fair value of all marketable securities in the third quarter"
    page = f"{told}. {'Something else stands here. ' * 20}An observable tree."
    passage = f"{told} of the observable kind"
    assert max(locate(passage, page).within(0, len(passage))) < len(told) + 5


def test_only_a_part_is_there():
    page = "The first half of it is here."
    assert (
        0.4 < locate("The first half of it is here. " + "Zwölf Boxkämpfer jagen.", page).share < 0.7
    )


@settings(max_examples=150, deadline=None)
@given(WORDS, WORDS, WORDS, st.randoms(use_true_random=False))
def test_a_passage_that_is_there_is_found_whole(before, passage, after, chance):
    words = " ".join(passage)
    spaced = "".join(c if c != " " else chance.choice([" ", "\r\n", "  "]) for c in words)
    page = " ".join([*before, spaced, *after])
    found = locate(words, page)
    for owner, place in zip(words, found.places, strict=True):
        assert place < 0 or page[place] == owner
    if len("".join(passage)) > 12:
        assert found.share == 1.0


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_gives_places_on_the_page(passage, page):
    found = locate(passage, page)
    assert len(found.places) == len(passage)
    assert all(-1 <= place < len(page) for place in found.places)
    assert 0.0 <= found.share <= 1.0


def test_hostile_text_takes_no_time():
    chance = random.Random(1)
    passage = "".join(chance.choice("ab") for _ in range(1500))
    page = "ab" * 10_000 + passage + "a" * 20_000
    assert locate(passage, page).share == 1.0
    assert locate("a" * 1500, page).share == 1.0


def test_marks_are_one_rectangle_a_line():
    text = "ab cd\r\nef"
    boxes = [(0.02 * i, 0.1, 0.02 * i + 0.02, 0.2) for i in range(5)]
    boxes += [(0, 0, 0, 0)] * 2 + [(0.02 * i, 0.3, 0.02 * i + 0.02, 0.4) for i in range(2)]
    first, second = marks([0, 1, 3, 4, 7, 8], text, boxes)
    assert (first.text, second.text) == ("ab cd", "ef")
    assert (first.left, first.right) == (0.0, pytest.approx(0.1))
    assert (second.top, second.bottom) == (0.3, 0.4)


def test_marks_stay_on_the_page():
    (mark,) = marks([0], "a", [(-3.0, 0.5, 9.0, float(2))])
    assert (mark.left, mark.top, mark.right, mark.bottom) == (0.0, 0.5, 1.0, 1.0)
