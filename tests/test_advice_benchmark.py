"""The benchmark of the advice: an evaluation restricted to drawn questions, and what is counted."""

import pytest

from benchmarks.advice import part, restricted, simulated
from rag.evaluate.advice.advice import Worth, advise
from rag.evaluate.advice.depth import WITHOUT
from rag.evaluate.data import Evaluation, Question, Ranking, Result, Run

FUSED = (*(f"other {n}" for n in range(8)), "right", "last")
FIRST = ("right", *FUSED[:8], "last")
LAST = (*FUSED[:8], "last")  # reranking lost the relevant passage


def run(name: str, reranker: str, orders: list[tuple[str, ...]]) -> Run:
    """One question an order."""
    results = tuple(
        Result(
            f"q{n}",
            tuple(
                Ranking(stage, items, tuple(-float(i) for i in range(len(items))), (), 0.01)
                for stage, items in (("fused", FUSED), ("reranked", order))
            ),
            0.02,
        )
        for n, order in enumerate(orders)
    )
    return Run(name, {"reranker": reranker, "pool": 10}, "digest", results, {"q9": "no model"})


def evaluation() -> Evaluation:
    """`good` ranks the relevant passage of questions 0 to 7 first and loses that of 8 to 15."""
    return Evaluation(
        name="set",
        unit="passage",
        questions=tuple(Question(f"q{n}", f"What is number {n}?") for n in range(16)),
        grades={f"q{n}": {"right": 1} for n in range(16)},
        runs=(
            run(WITHOUT, "none", [FUSED] * 16),
            run("good, pool 10", "good", [FIRST] * 8 + [LAST] * 8),
            run("other, pool 10", "other", [LAST] * 16),
        ),
        passages={},
        made="2026-01-01T00:00:00+00:00",
    )


def test_only_the_drawn_questions_and_the_reranker_are_left():
    found = restricted(evaluation(), {"q1", "q9"}, "good")
    assert [question.id for question in found.questions] == ["q1", "q9"]
    assert found.grades == {"q1": {"right": 1}, "q9": {"right": 1}}
    assert [one.name for one in found.runs] == [WITHOUT, "good, pool 10"]
    for one in found.runs:
        assert [result.question for result in one.results] == ["q1", "q9"]
        assert one.failures == {"q9": "no model"}
    assert restricted(evaluation(), {"q1"}, "good").runs[1].failures == {}


def test_the_advice_is_that_of_the_drawn_questions_alone():
    def worth(*numbers: int) -> Worth:
        drawn = restricted(evaluation(), {f"q{n}" for n in numbers}, "good")
        return advise(drawn, chunks=1, top=5).worth

    # Eight wins of 0.699 have p 2/256; eight losses of 0.301 likewise.
    assert worth(*range(8)) is Worth.WORTH_IT
    assert worth(*range(8, 16)) is Worth.NOT_WORTH_IT
    assert worth(0, 1, 8, 9) is Worth.NOT_SHOWN


def test_every_draw_has_a_verdict_and_another_draw_of_all_questions_the_same():
    found = simulated("set", evaluation(), "other", [8, 16], draws=3)
    assert found.everything.worth is Worth.NOT_WORTH_IT
    assert found.draws == {8: [Worth.NOT_WORTH_IT] * 3, 16: [Worth.NOT_WORTH_IT] * 3}


@pytest.mark.parametrize(
    ("said", "right", "counted"),
    [
        (Worth.WORTH_IT, Worth.WORTH_IT, "right"),
        (Worth.NOT_SHOWN, Worth.NOT_SHOWN, "right"),
        (Worth.NOT_SHOWN, Worth.NOT_WORTH_IT, "not shown"),
        (Worth.NOT_WORTH_IT, Worth.NOT_SHOWN, "too early"),
        (Worth.NOT_WORTH_IT, Worth.WORTH_IT, "contradiction"),
        (Worth.WORTH_IT, Worth.NOT_WORTH_IT, "contradiction"),
    ],
)
def test_what_a_draw_counts_as(said: Worth, right: Worth, counted: str):
    assert part(said, right) == counted
