"""Identifiers of a question, and the ways in which passages write them."""

import pytest

from rag.text.identifiers import identifiers, unknown


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("What is the maximum pressure of the B-900?", ["B-900"]),
        ("maximum pressure of the b900, please", ["b900"]),
        ("What does ERR_42 mean?", ["ERR_42"]),
        ("What is new in v2.31 and in 2.3.1?", ["2.3.1", "2.31"]),
        ("What is new in version 2.4?", ["2.4"]),
        ("When did Tianwen-2 start?", ["Tianwen-2"]),
        ("What is UTF-8's longest code?", ["UTF-8"]),
        ("Is the B-900/X the B-300's heir?", ["B-300"]),
    ],
)
def test_codes_and_versions_are_identifiers(question, found):
    assert list(identifiers(question)) == found


@pytest.mark.parametrize(
    "question",
    [
        "What was sold in 2023, in Q3, in Q3-2023, in FY23 and in the mid-1990s?",
        "Who wrote the top-10 list of 20 books on 12.05.2023 at 10.30?",
        "Under-21 teams: how many of the 1,200?",
        "How much CO2 and H2O do 5kg hold, to 3.5 %?",
        "Who is user_12@example.org, and what is at https://example.org/page-12?",
        "What about the 12th, the 50-year-old and 24/7?",
        "Post-2008, what changed?",
        "",
    ],
)
def test_what_may_be_written_in_words_is_no_identifier(question):
    assert list(identifiers(question)) == []


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("B-900", "the B-900."),
        ("B-900", "the B900"),
        ("b900", "the B 900"),
        ("B-900", "the B‑900A"),
        ("B-900A", "the B-900"),
        ("B-900", "the B-300/900"),
        ("B-900", "types B-300, -500 and -900"),
        ("B-900", "the B-\n900"),
        ("ERR_42", "err-42"),
        ("2.3.1", "since v2.3.1"),
        ("2.3.1", "in 2.3"),
        ("2.3.1", "in 2.3.1.4"),
        ("v2.31", "version 2.31"),
        ("version 2.4", "2.4.1"),
        ("COVID-19", "vaccines for COVID are"),
    ],
)
def test_every_writing_of_an_identifier_mentions_it(code, text):
    assert unknown(f"Tell me of the {code} here", [text]) == ()


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("B-900", "the B-300 and the B-500 of 900 kg"),
        ("B-900", "the B-9000"),
        ("B-900", "the AB-900"),
        ("Tianwen-2", "Tianwen-1 flew"),
        ("2.3.1", "in 2.4.1 and 12.3.1"),
        ("2.3.1", "in 2.3.2 and 2.3.10"),
        ("E-12020", "E-12021"),
        ("ERR_42", "ERR_43"),
        ("B-900", ""),
    ],
)
def test_a_near_one_is_another_one(code, text):
    assert unknown(f"Tell me of the {code} here", [text]) == (code,)


def test_one_that_is_mentioned_is_enough():
    assert unknown("Is the B-900 heavier than the B-300?", ["the B-300"]) == ()
    assert unknown("Is the B-900 heavier than the B-300?", ["the C-4"]) == ("B-900", "B-300")


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("大航海時代の15世紀に到来したのはどこの国の人か", []),
        ("谁在1565年领导了法国殖民地的进攻?", []),
        ("E11が表示されたらどうしますか", ["E11"]),
        ("型号B-900的重量是多少？", ["B-900"]),
    ],
)
def test_an_identifier_ends_where_a_script_without_spaces_begins(question, found):
    assert list(identifiers(question)) == found


def test_an_identifier_is_mentioned_between_letters_of_a_script_without_spaces():
    assert not unknown("E11が表示されたら", ["コードE11は電池を示します"])
    assert unknown("E11が表示されたら", ["コードE12は電池を示します"]) == ("E11",)
