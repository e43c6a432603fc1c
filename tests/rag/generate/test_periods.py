"""Which column of a table a question means."""

import pytest

from rag.generate.periods import column, contradicts, period
from rag.generate.question import question_terms

QUARTERS = (
    "Nine Months Ended June 25, 2022",
    "Three Months Ended June 25, 2022",
    "Three Months Ended June 26, 2021",
)
DATES = ("December 31, 2021", "September 30, 2022")
FISCAL = ("Shares Fiscal Year 2023", "Amount Fiscal Year 2023", "Shares Fiscal Year 2022")


@pytest.mark.parametrize(
    ("question", "columns", "context", "expected"),
    [
        ("Sales in the quarter ended June 25, 2022?", QUARTERS, "", 1),
        ("Sales in the nine months ended June 25, 2022?", QUARTERS, "", 0),
        ("Sales in the six months ended June 25, 2022?", QUARTERS, "", -1),
        ("Sales in the quarter ended June 27, 2020?", QUARTERS, "", -1),
        ("Sales up to June 25, 2022?", QUARTERS, "", -1),  # three or nine months?
        ("Sales in Q2 2022?", QUARTERS, "", 1),  # 25 June ends a calendar quarter's second
        ("Sales in Q3 2022?", QUARTERS, "2022 Q3 AAPL", 1),  # its own name for that quarter
        ("Sales in Q3 2022?", QUARTERS, "", -1),
        ("Sales in the third quarter of fiscal 2022?", QUARTERS, "", -1),  # whose fiscal year?
        ("Sales in 2022?", QUARTERS, "", -1),  # three months are no year
        ("Debt as of September 30, 2022?", DATES, "", 1),
        ("Debt at the end of September 2022?", DATES, "", 1),
        ("Debt in 2021?", DATES, "", 0),
        ("What is the debt?", DATES, "", -1),
        ("What is the debt?", DATES[:1], "", 0),
        ("How many shares in the first quarter of fiscal 2023?", FISCAL, "First Quarter", 0),
        ("What amount in the first quarter of fiscal 2023?", FISCAL, "First Quarter", 1),
        ("What is the role?", ("Role", "Age"), "", 0),
        ("What is it?", (), "", -1),
    ],
)
def test_the_column_that_is_asked_for(question, columns, context, expected):
    assert column(question, columns, question_terms(question), context) == expected


def test_what_a_text_says_of_time():
    read = period("third quarter of fiscal 2023, ended October 30, 2022, or May 2021")
    assert read.dates == {(2022, 10, 30), (2021, 5, 0)}
    assert (read.years, read.quarter, read.months, read.fiscal) == ({2021, 2022, 2023}, 3, 3, True)
    assert not period("It may rain in march.").said


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
