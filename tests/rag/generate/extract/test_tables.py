"""Tables between bars, read from the lines that a PDF gives."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.generate.extract.tables import fit, pairs, table_rows

INCOME = """Net sales by product were as follows (in millions, except per share amounts):

Three Months Ended | Nine Months Ended
June 25, 2022 | June 26, 2021 | June 25, 2022 | June 26, 2021
Net sales:
Products (1) | $63 | $64 | $245 | $232
Services | 19 | 17 | 58 | 50
Total net sales | 82 | 81 | 303 | 282
Earnings per share | 1.20 | 1.30 | 4.60 | 4.40

Text below. Another sentence."""


def test_rows_with_their_section_columns_and_unit():
    rows, names = table_rows(INCOME)
    services = rows[1]
    assert INCOME[services.start : services.end] == "Services | 19 | 17 | 58 | 50"
    assert (services.label, services.section) == ("Services", "Net sales")
    assert services.values == ("$19", "$17", "$58", "$50")
    assert services.columns[0] == "Three Months Ended June 25, 2022"
    assert services.columns[3] == "Nine Months Ended June 26, 2021"
    assert services.unit == "in millions, except per share amounts"
    assert [row.label for row in rows] == [
        "Products",
        "Services",
        "Total net sales",
        "Earnings per share",
    ]
    assert [INCOME[a:b].split(" | ")[0] for a, b in names] == [
        "Three Months Ended",
        "June 25, 2022",
        "Net sales:",
    ]


def test_a_total_ends_its_section_and_a_count_gets_neither_sign_nor_unit():
    rows, _ = table_rows(INCOME)
    assert rows[2].section == ""
    assert (rows[3].values[0], rows[3].unit) == ("1.20", "")


def test_a_chunk_that_goes_on_has_its_header_in_the_heading():
    header = "Three Months Ended; July 1, | June 25,; 2023 | 2022 | Change"
    rows, names = table_rows("Mac | 6 | 7 | (7)%\n\nNext | 1 | 2 | 3\nLast | 4 | 5 | 6", header)
    assert rows[0].columns == (
        "Three Months Ended July 1, 2023",
        "Three Months Ended June 25, 2022",
        "Three Months Ended Change",
    )
    assert [(row.label, row.columns) for row in rows[1:]] == [("Next", ()), ("Last", ())]
    assert names == []


@pytest.mark.parametrize(
    ("headers", "values", "expected"),
    [
        ([["2022", "2021"]], 2, ("2022", "2021")),
        ([["Item", "2022", "2021"]], 2, ("2022", "2021")),
        ([["2022", "2021"]], 3, ()),
        ([], 2, ()),
        ([["2022"]], 0, ()),
        ([["Maturity", "Rate", "May 1, 2022", "May 1, 2023"]], 2, ()),
        ([["Maturity", "Rate", "Price", "June 1, 2023"]], 2, ()),
        ([["(In millions)", "A", "B", "A", "B"], ["Year", "2023", "2022"]], 4,
         ("A Year 2023", "B Year 2023", "A Year 2022", "B Year 2022")),
        ([["Three", "Six"], ["2022", "2021"]], ["$5", "$4", "2%"],
         ("Three 2022", "Six 2021", "Change")),
        ([["2022", "2021"]], ["5%", "4%", "1%"], ()),
    ],
)  # fmt: skip
def test_header_and_row_fit(headers, values, expected):
    assert fit(headers, ["1"] * values if isinstance(values, int) else values) == expected


def test_a_table_of_words_has_its_first_line_as_header():
    rows, names = table_rows("Name | Role\nAnn | Chair\nBob | Clerk")
    assert [(row.label, row.values, row.columns) for row in rows] == [
        ("Ann", ("Chair",), ("Role",)),
        ("Bob", ("Clerk",), ("Role",)),
    ]
    assert len(names) == 1


@settings(deadline=None)
@given(st.text(alphabet="aA1 |$:\n,", max_size=80))
def test_any_text_is_read_and_rows_are_whole_lines(text):
    rows, _ = table_rows(text, "A | B")
    for row in rows:
        assert " | " in text[row.start : row.end]
        assert "\n" not in text[row.start : row.end]
        assert len(row.columns) in (0, len(row.values))


def test_a_time_over_all_columns_keeps_their_names():
    rows, _ = table_rows(
        "Chips | Other\n(In millions)\nThree Months Ended May 1, 2022\nRevenue | $3 | $4\n"
        "Three Months Ended May 1, 2021\nRevenue | $1 | $2"
    )
    assert rows[0].columns[0] == "Three Months Ended May 1, 2022 Chips"
    assert rows[1].columns == (
        "Three Months Ended May 1, 2021 Chips",
        "Three Months Ended May 1, 2021 Other",
    )
    assert rows[1].unit == "in millions"


def test_a_unit_in_the_header_is_no_name_of_a_column():
    rows, _ = table_rows("May 1 | May 2\nInventories: | (In millions)\nRaw | $3 | $4\nEnd | 5 | 6")
    assert (rows[0].columns, rows[0].section) == (("May 1", "May 2"), "Inventories")


def test_a_single_value_needs_no_header_and_a_line_alone_is_no_table():
    rows, _ = table_rows("Due (in millions):\n\n2024 | $3\nThereafter | 4\nTotal | $7")
    assert [(row.label, row.values, row.columns) for row in rows] == [
        ("2024", ("$3",), ("",)),
        ("Thereafter", ("$4",), ("",)),
        ("Total", ("$7",), ("",)),
    ]
    assert rows[0].unit == "in millions"
    assert table_rows("Acme Inc. | Q3 2022 Form 10-Q | 7")[0] == []


def test_pairs_may_have_a_label_without_a_name_and_a_unit_above():
    row = pairs("Ticket revenue; 2024: 48,210; 2023: 44,905", 0, "(in thousands of euros)")
    assert (row.label, row.columns, row.values, row.unit) == (
        "Ticket revenue",
        ("2024", "2023"),
        ("48,210", "44,905"),
        "in thousands of euros",
    )
    assert (
        pairs("Drivers; 2024: 9; 2023: 8", 0, "in thousands, except counts").unit
        == "in thousands, except counts"
    )
    assert pairs("Number of cars; 2024: 9; 2023: 8", 0, "in thousands, except counts").unit == ""


def test_pairs_name_their_columns_and_values_may_hold_semicolons_and_colons():
    row = pairs("Name: a; b; Time: 10:30", 5)
    assert (row.start, row.label, row.columns, row.values) == (5, "a; b", ("Time",), ("10:30",))
