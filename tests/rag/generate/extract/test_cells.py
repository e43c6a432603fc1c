"""The cell of a row that a question means, and how rows read."""

import pytest

from rag.generate.extract.cells import Cell, cell, column, read_row
from rag.generate.extract.question import ParsedQuestion
from rag.generate.extract.tables import TableRow, pairs
from rag.generate.extract.units import Unit
from rag.text.passages import PassagePart
from rag.types import Chunk

QUARTERS = (
    "Nine Months Ended June 25, 2022",
    "Three Months Ended June 25, 2022",
    "Three Months Ended June 26, 2021",
)
DATES = ("December 31, 2021", "September 30, 2022")
FISCAL = ("Shares Fiscal Year 2023", "Amount Fiscal Year 2023", "Shares Fiscal Year 2022")
YEARS = ("Year Ended January 29, 2023", "Year Ended January 30, 2022")
NONE: frozenset[str] = frozenset()


def row(label, columns, section="", values=None, unit=""):
    values = values or tuple(f"${n}" for n in range(1, len(columns) + 1))
    return TableRow(0, 9, label, values, columns, section, unit)


def unit(of, document="d.txt", heading=()):
    return Unit(
        1, Chunk("c", document, 0, 9, "", heading=heading), PassagePart(0, 9, "cells"), "", of
    )


def asked(question, of, known=NONE, required=NONE):
    return cell(unit(of), ParsedQuestion.read(question), known, required)


@pytest.mark.parametrize(
    ("question", "columns", "home", "expected"),
    [
        ("Sales in the quarter ended June 25, 2022?", QUARTERS, "", 1),
        ("Sales in the nine months ended June 25, 2022?", QUARTERS, "", 0),
        ("Sales in the six months ended June 25, 2022?", QUARTERS, "", -1),
        ("Sales in the quarter ended June 27, 2020?", QUARTERS, "", -1),
        ("Sales up to June 25, 2022?", QUARTERS, "", -1),  # three or nine months?
        ("Sales in Q2 2022?", QUARTERS, "", 1),  # 25 June ends a calendar quarter's second
        ("Sales in Q3 2022?", QUARTERS, "2022 Q3 AAPL", 1),  # its own name for that quarter
        ("Sales in Q3 FY2022?", QUARTERS, "2022 Q3 AAPL", 1),
        ("Sales in Q3 2021?", QUARTERS, "2022 Q3 AAPL", 2),  # the year before beside it
        ("Sales in Q2 2022?", QUARTERS, "2022 Q3 AAPL", -1),
        ("Sales in Q3 2022?", QUARTERS, "", -1),
        ("Sales in the third quarter of fiscal 2022?", QUARTERS, "", -1),  # whose fiscal year?
        ("Sales in 2022?", QUARTERS, "", -1),  # three months are no year
        ("Sales in 2022?", YEARS, "", 1),
        ("Sales in the year ended January 29, 2023?", YEARS, "", 0),
        ("Sales in fiscal 2022?", YEARS, "", -1),  # by its beginning or by its end?
        ("Debt as of September 30, 2022?", DATES, "", 1),
        ("Debt at the end of September 2022?", DATES, "", 1),
        ("Debt in 2021?", DATES, "", 0),
        ("Debt in Q3 2022?", DATES, "2022 Q3 report", 1),
        ("What is the debt?", DATES, "", -1),
        ("What is the debt?", DATES[:1], "", 0),
        ("What is the role?", ("Role", "Age"), "", 0),
    ],
)
def test_the_column_that_is_asked_for(question, columns, home, expected):
    assert column(ParsedQuestion.read(question), row("x", columns), home) == expected


@pytest.mark.parametrize(("noun", "expected"), [("How many shares", 0), ("What amount", 1)])
def test_a_row_may_give_the_quarter_and_its_columns_the_year(noun, expected):
    question = ParsedQuestion.read(f"{noun} in the first quarter of fiscal 2023?")
    assert column(question, row("First Quarter", FISCAL), "") == expected


DEBT = row("Long-term debt", ("May 1, 2021", "May 1, 2022"), "", ("$48", "$58"), "in millions")


@pytest.mark.parametrize(
    ("question", "required", "lead"),
    [
        ("How much is the long-term debt as of May 1, 2022?", (), "$58 (in millions)"),
        ("How much is the long-term debt?", (), ""),
        ("How much is the debt as of May 1, 2022?", (), ""),
        ("How much is the long-term debt of banks as of May 1, 2022?", ("bank",), ""),
        ("How much is the rate of interest on long-term borrowing on May 1, 2022?", (), ""),
        ("How much is the long-term debt of Peru as of May 1, 2022?", (), ""),
        ("Why is there long-term debt as of May 1, 2022?", (), ""),
        ("How many are the long-term debt as of May 1, 2022?", (), ""),  # dollars are no count
    ],
)
def test_a_cell_answers_only_if_row_and_column_fit(question, required, lead):
    assert asked(question, DEBT, required=frozenset(required)).lead == lead


def test_a_name_that_holds_for_the_whole_document_need_not_be_in_the_row():
    question = "How much is the long-term debt of Acme as of May 1, 2022?"
    assert asked(question, DEBT).lead == ""
    assert asked(question, DEBT, known=frozenset({"acm"})).lead == "$58 (in millions)"


def test_a_row_of_another_section_does_not_answer_for_what_the_question_names():
    own = row("Operating income", ("May 2022",), "North America")
    assert asked("What is the AWS operating income?", own).lead == ""
    assert asked("What is the North America operating income?", own).lead == "$1"
    assert asked("What is the operating income?", own).fit < 1


def test_cells_are_read_with_the_column_asked_for_or_with_all():
    question = ParsedQuestion.read("What is the long-term debt as of May 1, 2022?")
    assert read_row(DEBT, question, 1) == "Long-term debt, May 1, 2022: $58 (in millions)"
    all_ = "Long-term debt — May 1, 2021: $48 · May 1, 2022: $58 (in millions)"
    assert read_row(DEBT, question, -1) == all_
    assert read_row(TableRow(0, 9, "Cash", ("1", "2"), ()), question, -1) == "Cash — 1 · 2"


def test_a_wide_row_keeps_the_columns_that_were_asked_for():
    wide = pairs("; ".join(f"C{i}: v{i}" for i in range(20)) + "; Price: 7", 0)
    text = read_row(wide, ParsedQuestion.read("What is the price?"), -1)
    assert text.startswith("v0 — ")
    assert "Price: 7" in text
    assert text.endswith("…")


VOYAGER = pairs("Mission: Voyager 2; Launched: 1977; Planet: Neptune", 0)


@pytest.mark.parametrize(
    ("question", "lead"),
    [
        ("When was Voyager 2 launched?", "1977"),
        ("Which planet did Voyager 2 reach?", "Neptune"),
        ("How many launched with Voyager 2?", "1977"),
        ("Who launched Voyager 2?", ""),  # a year is no name
        ("Which mission launched to the planet Neptune?", "Voyager 2"),
        ("How many missions reached the planet Neptune?", ""),
        ("Which mission found a ring of Neptune?", ""),
        ("Why is the sky blue?", ""),
    ],
)
def test_a_row_of_pairs_answers_by_its_column_or_by_its_name(question, lead):
    of = Unit(1, Chunk("c", "d", 0, 9, ""), PassagePart(0, 9, "row"), "Mission: Voyager 2; "
              "Launched: 1977; Planet: Neptune", VOYAGER)  # fmt: skip
    assert cell(of, ParsedQuestion.read(question), NONE, NONE) == Cell(lead=lead)


def test_a_cell_of_a_day_or_of_a_row_about_much_else_is_no_short_answer():
    months = "What was the operating income in the three months ended May 1, 2022?"
    assert asked(months, row("Operating income", ("Three Months Ended May 1, 2022",))).lead == "$1"
    assert asked(months, row("Operating income", ("May 1, 2022",))).lead == ""
    day = "What was the operating income as of May 1, 2022?"
    assert asked(day, row("Operating income", ("May 1, 2022",))).lead == "$1"
    much = "Right-of-use assets obtained in exchange for obligations"
    assert asked(day, row("Operating income", ("May 1, 2022",), much)).lead == ""


def test_the_form_of_a_value_keeps_a_day_from_answering_how_many():
    of = Unit(1, Chunk("c", "d", 0, 9, ""), PassagePart(0, 9, "row"), "",
              pairs("order_id: A-7; order_date: 2025-02-10; quantity: 4", 0))  # fmt: skip
    question = ParsedQuestion.read("How many lamps were in order A-7?")
    assert cell(of, question, NONE, NONE).lead == ""


def test_a_code_that_reads_as_a_small_word_names_its_row():
    of = Unit(1, Chunk("c", "d", 0, 9, ""), PassagePart(0, 9, "row"), "",
              pairs("order_id: SO-7; order_date: 2025-02-10; country: UK", 0))  # fmt: skip
    question = ParsedQuestion.read("When was order SO-7 placed?")
    assert cell(of, question, NONE, NONE).lead == "2025-02-10"


@pytest.mark.parametrize(
    ("model", "lead"), [("300 L", "180 kg"), ("300 M", "250 kg"), ("300", ""), ("", "")]
)
def test_a_row_of_pairs_answers_with_the_one_column_that_is_asked_for(model, lead):
    weight = pairs("Specification: Weight; 300 L: 180 kg; 300 M: 250 kg", 0)
    of = Unit(1, Chunk("c", "d", 0, 9, ""), PassagePart(0, 9, "row"), "", weight)
    question = ParsedQuestion.read(f"What is the weight of the {model}?")
    assert cell(of, question, NONE, NONE).lead == lead
