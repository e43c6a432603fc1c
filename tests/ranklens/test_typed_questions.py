"""Questions that are too long are refused at every door; halves of characters are replaced."""

import time

import pytest

from rag.errors import RanklensError
from rag.evaluate.data import Question
from rag.evaluate.judgements.votes import Vote, VotedPipeline
from ranklens import asking, measuring
from ranklens.asking import PendingQuestion
from ranklens.comparing import save_pipeline
from tests.linear import grows_linearly


@pytest.fixture
def filled(library, tmp_path):
    note = tmp_path / "batteries.md"
    note.write_text("# Batteries\n\nBatteries are kept dry.\n\nTides rise twice a day.\n")
    library.add(note)
    return library


def test_every_door_refuses_a_long_question_at_once(filled):
    question = "What is the tide @nothing? " * 4_000  # 108,000 characters
    calls = {
        "search": lambda: filled.search(question),
        "ask": lambda: filled.ask(question),
        "page": lambda: asking.ask(filled, PendingQuestion(question)),
        "compare": lambda: filled.compare(question, ["none"]),
    }
    for name, call in calls.items():
        started = time.process_time()
        with pytest.raises(RanklensError, match="the question has 107,999 characters"):
            call()
        assert time.process_time() - started < 0.5, name
    assert filled.conversations.all() == []


def test_every_door_takes_halves_of_characters(filled):
    question = "how \ud800 are \udcff batteries kept"
    whole = "how � are � batteries kept"
    assert filled.search(question).question == whole
    assert filled.ask(question).question == whole
    turn = asking.ask(filled, PendingQuestion(question))
    assert turn.question == whole
    for _ in filled.writings[turn.id].follow():
        pass
    assert filled.conversations.turns(turn.conversation)[0].trace.answer
    assert filled.compare(question, ["none"]).question == whole
    passage = filled.search("battery").stages[0].hits[0].chunk
    made = filled.judge(question, passage, 2, judge="\ud800", note="\udcff")
    assert (made.question, made.judge, made.note) == (whole, "�", "�")
    figures = filled.measure([question], ["none"])
    measuring.to_json(figures.evaluation).encode()


def test_a_question_of_the_longest_kind_takes_linear_time(filled):
    few, once, often = (
        " ".join(f"word{number}" for number in range(count // 8))[:count]
        for count in (500, 2_000, 8_000)
    )
    filled.ask(few)  # what is loaded on first use
    assert grows_linearly(filled.ask, once, often, enough=0.5)


def test_names_and_notes_have_a_length(filled):
    passage = filled.search("batteries").stages[0].hits[0].chunk
    side = VotedPipeline("a", "b")
    long_name, long_question = "x" * 300, Question("", "why " * 6_000)
    for call, what in (
        (lambda: filled.judge("q", passage, 2, judge=long_name), "a judge's name"),
        (lambda: filled.judge("q", passage, 2, note="x" * 6_000), "a note"),
        (lambda: filled.question_sets.add("x" * 300, [Question("", "q")]), "the set's name"),
        (lambda: filled.question_sets.add("set", [long_question]), "question 1"),
        (lambda: save_pipeline(filled, long_name, "pool=9"), "a pipeline's name"),
        (lambda: filled.compare("q", ["pool=1," * 2_000]), "a pipeline"),
        (
            lambda: filled.votes.add(Vote("q", "rankings", side, side, "left", long_name)),
            "a voter's name",
        ),
    ):
        with pytest.raises(RanklensError, match=rf"{what} has [\d,]+ characters; at most"):
            call()
