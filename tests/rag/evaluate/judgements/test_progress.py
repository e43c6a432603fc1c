"""What each judge has done of a set."""

from rag.evaluate.judgements.progress import JudgeProgress, progress
from rag.evaluate.judgements.record import Judgement


def one(question, start, judge, source="person", time=1.0):
    return Judgement(question, "a", "d", start, start + 5, "xxxxx", 1, judge, source, time=time)


def test_questions_and_passages_are_counted_for_each_judge():
    held = [
        one("Why?", 0, "ada", time=3.0), one("Why?", 5, "ada"), one("How?", 0, "ada"),
        one("Why?", 0, "gpt", "llm", 7.0), one("Elsewhere?", 0, "bob"),
    ]  # fmt: skip
    assert progress(held, ["  Why? ", "How?"]) == [
        JudgeProgress("ada", "person", 2, 3, 3.0),
        JudgeProgress("gpt", "llm", 1, 1, 7.0),
    ]
    assert progress(held, []) == []
