import pytest

from rag.generate.extract.facts import short_answer
from rag.generate.extract.question import ParsedQuestion


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
        ("How many moons has Mars?", "Mars has two moons.", ""),
        ("How much did it cost?", "The cost was $3.5 million in 2019.", "$3.5 million"),
        ("What percentage voted?", "About 45 percent voted.", "45 percent"),
        ("Who discovered Uranus?", "Uranus was discovered by William Herschel.", ""),
        (
            "When did the fiscal quarter end?",
            "In the quarter of fiscal year 2022, and the fiscal one that ended May 1, 2021.",
            "May 1, 2021",
        ),
        ("Why is it blue?", "It is blue since 1999.", ""),
        ("How much is a large box?", "A box is $85 if small and $140 if large.", ""),
        ("When is a large box due?", "A box is due on 1 May if small, on 2 May if large.", ""),
    ],
)
def test_short_answers(question, sentence, answer):
    assert short_answer(sentence, ParsedQuestion.read(question)) == answer


@pytest.mark.parametrize(
    ("question", "sentence", "answer"),
    [
        ("How much is the long-term debt?", "Other long-term liabilities were $2.7 billion.", ""),
        ("How much is the long-term debt?", "The long-term debt was $5 billion.", "$5 billion"),
    ],
)  # fmt: skip
def test_a_figure_is_of_what_was_asked(question, sentence, answer):
    assert short_answer(sentence, ParsedQuestion.read(question)) == answer


@pytest.mark.parametrize(
    ("time", "answer"),
    [
        ("as of May 1, 2023", "$4 billion"),
        ("as of June 30, 2022", "$5 billion"),
        ("as of July 4, 2021", ""),
    ],
)
def test_of_several_figures_the_one_of_the_time_that_is_asked_for(time, answer):
    sentence = (
        "As of May 1, 2023 and June 30, 2022, the debt was $4 billion and $5 billion, respectively."
    )
    asked = ParsedQuestion.read(f"How much was the debt {time}?")
    assert short_answer(sentence, asked) == answer


def test_of_figures_of_one_time_the_first_is_taken_as_longer_spans_follow():
    sentence = (
        "The debt dropped by $35 million for Q2 2023, and by $431 million up to June 30, 2023."
    )
    asked = ParsedQuestion.read("By how much did the debt drop in Q2 2023?")
    assert short_answer(sentence, asked) == "$35 million"
    asked = ParsedQuestion.read("By how much did the debt drop?")
    assert short_answer(sentence, asked) == ""
