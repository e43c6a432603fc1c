"""Rows as something to read, and the cell and the column that a question means."""

import pytest

from rag.generate.extract.question import ParsedQuestion
from rag.generate.extract.rows import answering, cell, column, columns, read_cells, read_out
from rag.generate.extract.tables import TableRow

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
    assert column(ParsedQuestion.read(question), columns, context) == expected


def test_rows_read_as_sentences():
    row = "Mission: Voyager 2; Launched: 1977; Planet: Neptune"
    question = ParsedQuestion.read("When was Voyager 2 launched?")
    assert read_out(row, question) == "Voyager 2 — Launched: 1977 · Planet: Neptune"
    assert cell(row, question) == "1977"
    assert cell(row, ParsedQuestion.read("Why is the sky blue?")) == ""


def test_a_value_may_hold_semicolons_and_colons():
    row = "Name: a; b; Time: 10:30"
    assert columns(row) == [("Name", "a; b"), ("Time", "10:30")]


def test_a_wide_row_keeps_the_columns_that_were_asked_for():
    row = "; ".join(f"C{i}: v{i}" for i in range(20)) + "; Price: 7"
    text = read_out(row, ParsedQuestion.read("What is the price?"))
    assert text.startswith("v0 — ")
    assert "Price: 7" in text
    assert text.endswith("…")


DEBT = TableRow(
    0, 9, "Long-term debt", "", ("$48", "$58"), ("May 1, 2021", "May 1, 2022"), "in millions"
)


@pytest.mark.parametrize(
    ("question", "required", "expected"),
    [
        ("How much is the long-term debt as of May 1, 2022?", (), 1),
        ("How much is the long-term debt?", (), -1),
        ("How much is the debt as of May 1, 2022?", (), -1),
        ("How much is the long-term debt of banks as of May 1, 2022?", ("bank",), -1),
        ("How much is the rate of interest on long-term borrowing on May 1, 2022?", (), -1),
    ],
)
def test_a_cell_answers_only_where_row_and_column_fit(question, required, expected):
    assert answering(DEBT, ParsedQuestion.read(question), frozenset(required), "") == expected


def test_cells_are_read_with_the_column_asked_for_or_with_all():
    asked = ParsedQuestion.read("What is the long-term debt as of May 1, 2022?")
    assert read_cells(DEBT, asked) == "Long-term debt, May 1, 2022: $58 (in millions)"
    asked = ParsedQuestion.read("What is the long-term debt?")
    all_ = "Long-term debt — May 1, 2021: $48 · May 1, 2022: $58 (in millions)"
    assert read_cells(DEBT, asked) == all_
    assert read_cells(TableRow(0, 9, "Cash", "", ("1", "2"), ()), asked) == "Cash — 1 · 2"


def test_a_row_of_another_section_does_not_answer_for_what_the_question_names():
    own = TableRow(0, 9, "Operating income", "North America", ("$3",), ("May 2022",))
    assert (
        answering(own, ParsedQuestion.read("What is AWS operating income?"), frozenset(), "") == -1
    )
    assert (
        answering(
            own, ParsedQuestion.read("What is North America operating income?"), frozenset(), ""
        )
        == 0
    )
