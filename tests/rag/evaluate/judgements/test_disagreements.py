"""A disagreement is seen across spans of different sizes, and whole documents apart from parts."""

from rag.evaluate.judgements.disagreements import disagreements
from rag.evaluate.judgements.record import SOURCES, Judgement


def one(start, end, grade, judge, source="person", question="Why?", document="a.txt", **more):
    quote = "x" * (end - start)
    return Judgement(question, document, "d", start, end, quote, grade, judge, source, **more)


def listed(held, *sources):
    return [(p.first.judge, p.second.judge, p.steps) for p in disagreements(held, *sources)]


def test_a_persons_zero_meets_an_imported_three_of_a_quote_within_it():
    held = [one(0, 100, 0, "ada"), one(40, 60, 3, "import", "import")]
    assert listed(held) == [("ada", "import", 3)]


def test_the_furthest_apart_come_first_and_what_agrees_is_left_out():
    held = [
        one(0, 10, 2, "ada"), one(0, 10, 1, "bob"),
        one(20, 30, 0, "ada"), one(20, 30, 3, "bob"), one(20, 30, 0, "eve"),
        one(40, 50, 1, "ada"), one(40, 50, 1, "bob"),
    ]  # fmt: skip
    assert listed(held) == [("ada", "bob", 3), ("bob", "eve", 3), ("ada", "bob", 1)]


def test_other_texts_questions_and_judges_of_their_own_are_no_disagreement():
    held = [
        one(0, 10, 3, "ada"),
        one(8, 30, 0, "bob"),  # shares 2 of 10
        one(0, 10, 0, "bob", question="What?"),
        one(0, 10, 0, "bob", document="b.txt"),
        one(0, 10, 0, "eve", status="lost"),
        one(0, 9, 1, "ada"),
    ]
    assert listed(held) == []


def test_a_whole_document_is_compared_with_whole_documents_only():
    held = [one(0, 0, 3, "import", "import"), one(0, 10, 0, "ada"), one(0, 0, 1, "bob")]
    assert listed(held) == [("import", "bob", 2)]


def test_proposals_count_if_they_are_wanted():
    held = [one(0, 10, 3, "gpt", "llm"), one(0, 10, 0, "ada")]
    assert listed(held) == []
    assert listed(held, SOURCES) == [("gpt", "ada", 3)]
