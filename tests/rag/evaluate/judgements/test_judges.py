from __future__ import annotations

from rag.evaluate.judgements.judges import by_judge, columns, models
from rag.evaluate.judgements.record import Judgement, Source


def one(start: int, end: int, grade: int, judge: str, source: Source = "person") -> Judgement:
    return Judgement("Why?", "a.txt", "d", start, end, "x" * (end - start), grade, judge, source)


def test_a_models_passage_meets_the_quotes_within_it():
    held = [
        one(0, 100, 3, "gpt", "llm"),
        one(100, 200, 1, "gpt", "llm"),
        one(200, 300, 2, "gpt", "llm"),
        one(20, 30, 2, "import", "import"),  # within the first
        one(0, 100, 1, "ada"),  # with the quote: lower median of 2 and 1
        one(95, 115, 0, "ben"),  # three quarters of it are in the second
        one(210, 290, 3, "readers", "feedback"),  # nobody's judgement
    ]
    assert models(held) == {"gpt": [(3, 1), (1, 0)]}
    assert models(held[:3]) == {"gpt": []}


def test_items_are_a_question_and_a_span():
    held = [
        one(0, 9, 3, "ada"),
        one(0, 9, 1, "ben"),
        one(9, 12, 2, "ben"),
        one(0, 9, 0, "g", "llm"),
    ]
    people = by_judge(held, ("person",))
    assert {judge: list(made.values()) for judge, made in people.items()} == {
        "ada": [3], "ben": [1, 2]
    }  # fmt: skip
    assert list(columns(people).values()) == [[3, 1], [2]]
