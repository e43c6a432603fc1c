import pytest

from rag.generate.question import question_terms
from rag.generate.facts import kind_of, short_answer
from rag.generate.rows import cell, columns, read_out


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
