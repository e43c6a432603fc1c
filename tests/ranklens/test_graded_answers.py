"""Answers of a set and answers with thumbs, graded by a model and compared with people."""

import re

import pytest

from rag.errors import NotThere
from rag.evaluate.data import Question
from ranklens import background, graded_answers, job_results
from tests.servers.chat_server import ChatServer
from tests.ui.fakes import ALL, FakeAnswering, FakeLibrary, trace_of

Q = "How should batteries be kept?"


def by_hand(system: str, user: str) -> str:
    """Every text has one supported and one unsupported claim; the first source is useful."""
    if "You check whether" in system:
        return "yes | Batteries keep best at forty percent.\nno | They are red. | no colour"
    if "how far an answer answers" in system:
        return "3: all of it"
    count = len(re.findall(r"^<source-", user, re.M))
    return "\n".join(f"{n}: {'yes' if n == 1 else 'no'}" for n in range(1, count + 1))


@pytest.fixture
def library():
    made = FakeLibrary()
    made.question_sets.put(
        "field", [Question("q1", Q, "", "At forty percent."), Question("q2", "Why?")]
    )
    with ChatServer(by_hand) as server:
        made.settings = made.settings.updated(llm_base_url=server.url, llm_model="fake")
        yield made


def test_the_answers_to_a_set_are_graded_and_compared_with_judgements(library):
    for place, grade in ((0, 3), (1, 0), (2, 2)):  # the evidence without reranking
        library.judgements.grade(Q, ALL[place], grade, "ada")
    found = graded_answers.grade_set(library, library.settings, "field", {"reranker": "none"})
    rows = {row["measure"]: row for row in graded_answers.rows(found)}
    assert {name: (row["mean"], row["answers"]) for name, row in rows.items()} == {
        "faithfulness": (0.5, 2),
        "answer relevance": (1.0, 2),
        "context precision": (1.0, 1),
        "context recall": (0.5, 1),
    }
    (one,) = found.agreements
    assert (one.shared, one.both, one.model, one.people) == (3, 1, 0, 1), "0 is useful, 2 is not"
    assert graded_answers.unsupported(found)[0] == (Q, "They are red.", "no colour")
    assert found.outcome.total == 2 + 4
    outside = graded_answers.outside(found)
    assert outside["answers"][0]["faithfulness"] == 0.5
    assert "context_recall" not in outside["answers"][1]


def test_answers_that_fail_are_named_and_refusals_counted(library):
    class Broken(FakeAnswering):
        @property
        def answer(self):
            made = super().answer
            kind = (
                {"error": "the model was silent"} if self.trace.question == Q else {"refused": True}
            )
            return type(made)(**{name: getattr(made, name) for name in made.__slots__} | kind)

    class Pipeline(type(library.pipeline)):
        def answer(self, trace):
            return Broken(trace)

    library.pipeline = Pipeline(library.settings)
    found = graded_answers.grade_set(library, library.settings, "field", {})
    assert (found.answers, found.refused) == ((), 1)
    assert found.problems == (f"{Q}: the model was silent",)
    assert graded_answers.rows(found) == []
    assert "1 answer could not be written" in graded_answers.summary(found)


def test_thumbs_are_compared_with_the_model(library):
    with pytest.raises(NotThere, match="no answer has a thumb"):
        graded_answers.grade_thumbs(library, library.settings)
    chat = library.conversations.start("Batteries")
    for liked in (True, False, None):
        trace = trace_of(Q)
        answering = FakeAnswering(trace)
        list(answering)
        turn = library.conversations.add(chat, Q, trace.with_answer(answering.answer))
        library.conversations.judge(turn.id, liked)
    found = graded_answers.grade_thumbs(library, library.settings)
    assert len(found.answers) == 2
    (one,) = found.agreements
    assert (one.shared, one.both, one.model, one.people) == (2, 0, 0, 1), "no answer is good"
    assert any("good answers, against thumbs: kappa 0.000 over 2" in line
               for line in graded_answers.summary(found))  # fmt: skip


def test_the_job_has_a_result_for_other_programs(library):
    job = background.grade_answers(library, library.settings, "field", {}, 1)
    job.thread.join()
    found = job_results.result(job)
    assert [one["id"] for one in found["answers"]] == ["q1"]
    assert found["failures"] == []
