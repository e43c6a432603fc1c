"""What a text says of time."""

import pytest

from rag.text.periods import contradicts, is_period, period


def test_what_a_text_says_of_time():
    read = period("third quarter of fiscal 2023, ended October 30, 2022, or May 2021")
    assert read.dates == {(2022, 10, 30), (2021, 5, 0)}
    assert (read.years, read.quarter, read.months, read.fiscal) == ({2021, 2022, 2023}, 3, 3, True)
    assert not period("It may rain in march.")


@pytest.mark.parametrize(
    ("question", "told", "expected"),
    [
        ("rate for the quarter ended September 30, 2022", "for June 30, 2022 it was 5", True),
        ("rate for the quarter ended September 30, 2022", "on September 30, 2022 it was 5", False),
        ("rate for the quarter ended September 30, 2022", "in 2022 it was 5", False),
        ("dividend of August 2023", "for the six months ended December 31, 2022", True),
        ("dividend of August 2023", "as of July 1, 2023", False),
        ("Who ruled in 1969?", "He ruled from 1961 to 1970.", False),
        ("Who ruled in 1969?", "He ruled from 1971 to 1980.", True),
        ("Who ruled?", "He ruled from 1971 to 1980.", False),
        ("Who ruled in 1969?", "He ruled long.", False),
    ],
)
def test_a_text_of_another_time_contradicts(question, told, expected):
    assert contradicts(period(question), period(told)) is expected


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("on 20 August 1977", (1977, 8, 20)),
        ("Sept. 5th, 1977", (1977, 9, 5)),
        ("1977-09-05", (1977, 9, 5)),
        ("June 25", (0, 6, 25)),
        ("May of 2021", (2021, 5, 0)),
    ],
)
def test_dates_in_any_order(text, date):
    assert period(text).dates == {date}


@pytest.mark.parametrize("cell", ["Three Months Ended", "June 25, 2022", "Change", "First Quarter"])
def test_periods(cell):
    assert is_period(cell)
    assert not is_period(f"{cell} of sales")


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("Aprİl 5, 2020", "April 5, 2020"),
        ("the fİrst quarter", "the first quarter"),
        ("sıx months", "six months"),
        ("the thırd quarter", "the third quarter"),
        ("ſept 5", "Sept 5"),
    ],
)
def test_letters_that_a_pattern_takes_for_others(written: str, plain: str):
    assert period(written) == period(plain)
