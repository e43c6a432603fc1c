import pytest

from rag.generate.facts import counted, kind_of, short_answer, words_of
from rag.generate.question import Asked, question_terms
from rag.generate.rows import answering, cell, columns, read_cells, read_out
from rag.generate.tables import Row


@pytest.mark.parametrize(
    ("question", "sentence", "answer"),
    [
        (
            "When was Voyager 2 launched?",
            "Voyager 2 was launched on 20 August 1977.",
            "20 August 1977",
        ),
        ("In what year did it open?", "It did open in 1869 after 10 years.", "1869"),
        ("When did Rome meet 1999?", "Rome met it in 1999.", ""),
        ("How many moons has Mars?", "Mars has 2 moons.", "2 moons"),
        ("How many moons has Mars?", "Mars has two moons.", "two moons"),
        ("How much did it cost?", "The cost was $3.5 million in 2019.", "$3.5 million"),
        ("What percentage voted?", "About 45 percent voted.", "45 percent"),
        (
            "Who discovered Uranus?",
            "Uranus was discovered by William Herschel.",
            "William Herschel",
        ),
        ("Who made the game?", "The game was made for Play Station.", ""),
        (
            "When did the fiscal quarter end?",
            "In the quarter of fiscal year 2022, and the fiscal one that ended May 1, 2021.",
            "May 1, 2021",
        ),
        ("Who met Ann Lee?", "Ann Lee met Bob Ray and Tom Fox.", ""),
        ("Where was she born?", "She was born in Paris.", "Paris"),
        ("Why is it blue?", "It is blue since 1999.", ""),
    ],
)
def test_short_answers(question, sentence, answer):
    assert short_answer(sentence, kind_of(question), question_terms(question)) == answer


def test_rows_read_as_sentences():
    row = "Mission: Voyager 2; Launched: 1977; Planet: Neptune"
    terms = question_terms("When was Voyager 2 launched?")
    assert read_out(row, terms) == "Voyager 2 — Launched: 1977 · Planet: Neptune"
    assert cell(row, terms) == "1977"
    assert cell(row, question_terms("Why is the sky blue?")) == ""


def test_a_value_may_hold_semicolons_and_colons():
    row = "Name: a; b; Time: 10:30"
    assert columns(row) == [("Name", "a; b"), ("Time", "10:30")]


def test_a_wide_row_keeps_the_columns_that_were_asked_for():
    row = "; ".join(f"C{i}: v{i}" for i in range(20)) + "; Price: 7"
    text = read_out(row, question_terms("What is the price?"))
    assert text.startswith("v0 — ")
    assert "Price: 7" in text
    assert text.endswith("…")


@pytest.mark.parametrize(
    ("question", "noun"),
    [
        ("How many employees does Amazon have?", "employe"),
        ("How many shares of common stock did it repurchase?", "shar"),
        ("How many small moons orbit Mars?", "moon"),
        ("How much is Amazon's long-term debt as of May 2022?", "debt"),
        ("How much cash did it have?", "cash"),
        ("How much did it cost?", ""),
        ("How much money was lost?", ""),
        ("Who is it?", ""),
    ],
)
def test_what_is_counted(question, noun):
    assert counted(question) == noun


@pytest.mark.parametrize(
    ("question", "sentence", "answer"),
    [
        ("How many employees has Acme?", "Acme sold 136,996 shares.", ""),
        ("How many employees has A?", "It has 9 full-time employees.", "9 full-time employees"),
        ("How many moons has Mars?", "Mars has two small moons.", "two small moons"),
        ("How many moons has Mars?", "Mars, with its moons, is 4 billion years old.", ""),
        ("How much is the long-term debt?", "Other long-term liabilities were $2.7 billion.", ""),
        ("How much is the long-term debt?", "The long-term debt was $5 billion.", "$5 billion"),
    ],
)  # fmt: skip
def test_a_figure_is_of_what_was_asked(question, sentence, answer):
    terms = question_terms(question)
    assert short_answer(sentence, kind_of(question), terms, counted(question)) == answer


DEBT = Row(
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
    assert answering(DEBT, Asked.read(question), frozenset(required), "") == expected


def test_cells_are_read_with_the_column_asked_for_or_with_all():
    asked = Asked.read("What is the long-term debt as of May 1, 2022?")
    assert read_cells(DEBT, asked) == "Long-term debt, May 1, 2022: $58 (in millions)"
    asked = Asked.read("What is the long-term debt?")
    all_ = "Long-term debt — May 1, 2021: $48 · May 1, 2022: $58 (in millions)"
    assert read_cells(DEBT, asked) == all_
    assert read_cells(Row(0, 9, "Cash", "", ("1", "2"), ()), asked) == "Cash — 1 · 2"


def test_a_row_of_another_section_does_not_answer_for_what_the_question_names():
    own = Row(0, 9, "Operating income", "North America", ("$3",), ("May 2022",))
    assert answering(own, Asked.read("What is AWS operating income?"), frozenset(), "") == -1
    assert (
        answering(own, Asked.read("What is North America operating income?"), frozenset(), "") == 0
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Io's 2 moons", ["Io", "s", "2", "moons"]),
        ("土星有水。", ["土星", "星有", "有水"]),
        ("水", ["水"]),
        ("NASA的2号 rover", ["NASA", "的", "2", "号", "rover"]),
        ("土星，火星", ["土星", "火星"]),
        ("", []),
    ],
)
def test_words_of_a_text_and_pairs_of_letters_where_none_are_parted(text, found):
    assert words_of(text) == found
