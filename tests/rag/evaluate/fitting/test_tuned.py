"""What a cross-encoder is tuned on, how it is tested, and what is made of its logits."""

import numpy as np
import pytest

from rag.errors import RanklensError
from rag.evaluate.fitting.pools import JudgedQuestion
from rag.evaluate.fitting.tuned import ALL, TestedPool, examples, plan, worth
from rag.types import Candidate
from tests.fakes import make_chunk

SIZE = 8
WEIGHTS = (0.3, 0.3, 0.4)


def question(n, *, document="", grades=None, zeros=(), order=None):
    """A question whose relevant passage is drawn; the present order is another one."""
    random = np.random.default_rng(n)
    grades = grades or [int(i == n % SIZE) for i in range(SIZE)]
    items = tuple(f"{n}-{i}" for i in range(SIZE))
    first = random.random(SIZE)
    pool = tuple(
        Candidate(make_chunk(item, document=document or f"d{n}"), *[float(first[i])] * 3)
        for i, item in enumerate(items)
    )
    order = order or [int(i) for i in np.argsort(-first)]
    present = tuple(items[i] for i in order)
    scores = tuple(float(-order.index(i)) for i in range(SIZE))
    about = frozenset([document or f"d{n}"])
    zero = frozenset(items[i] for i in zeros)
    return JudgedQuestion(f"q{n}", f"question {n}", pool, items, tuple(grades), present, scores,
                          about, zero)  # fmt: skip


def grades_of(questions):
    return {one.id: dict(zip(one.items, one.grades, strict=True)) for one in questions}


def as_tested(questions, parts, logits):
    return {
        part.name: {
            questions[i].id: TestedPool(tuple(logits(questions[i])), WEIGHTS) for i in part.tested
        }
        for part in parts
    }


def made(questions, parts, logits, present="late-interaction"):
    pools = as_tested(questions, parts, logits)
    return worth(questions, grades_of(questions), parts, pools, present, 60, True)


def test_no_part_is_tested_on_what_it_learned_from_nor_on_its_documents():
    questions = [question(n, document=f"d{n % 15}") for n in range(60)]
    parts, apart = plan(questions)
    assert apart
    assert [part.name for part in parts] == ["fold 1", "fold 2", "fold 3", "25", ALL]
    assert sorted(i for part in parts[:3] for i in part.tested) == list(range(60))
    for part in parts[:3]:
        trained, asked = (
            {document for i in some for document in questions[i].documents}
            for some in (part.trained, part.tested)
        )
        assert not trained & asked
    assert not {*parts[3].trained} & {*parts[3].tested}
    assert (len(parts[3].trained), parts[-1].tested) == (25, ())
    assert parts[-1].trained == tuple(range(60))


def test_if_all_is_about_one_document_questions_alone_are_kept_apart():
    parts, apart = plan([question(n, document="one") for n in range(30)])
    assert not apart
    assert sorted(i for part in parts[:3] for i in part.tested) == list(range(30))


def test_too_few_judged_questions_are_refused():
    questions = [*(question(n) for n in range(19)), question(20, grades=[0] * SIZE)]
    with pytest.raises(RanklensError, match=r"19 judged questions have .* tuning needs 20"):
        plan(questions)


def test_negatives_are_judged_zeros_first_and_then_what_ranks_high():
    one = question(0, grades=[0, 2, 0, 1, 0, 0, 0, 0], zeros=[7], order=[5, 1, 2, 0, 4, 6, 3, 7])
    found = examples([one, question(1, grades=[0] * SIZE)], 3)
    passage = {candidate.chunk.passage: n for n, candidate in enumerate(one.pool)}
    assert [(passage[text], label) for _, text, label in found] == [
        (1, 1.0), (3, 0.5), (7, 0.0), (5, 0.0), (2, 0.0),
    ]  # fmt: skip
    assert {query for query, *_ in found} == {"question 0"}


def test_of_a_judged_document_the_first_candidate_is_learned():
    one = question(0)
    same = JudgedQuestion(
        one.id, one.text, one.pool, ("a", "a", "b", "b", *one.items[4:]),
        (1, 1, 0, 0, 0, 0, 0, 0), ("b", "a", *one.items[4:]), one.scores, one.documents,
    )  # fmt: skip
    passages = [candidate.chunk.passage for candidate in one.pool]
    assert [text for _, text, _ in examples([same], 1)] == [passages[0], passages[2]]


def test_a_gain_is_shown_where_the_logits_know_more():
    questions = [question(n) for n in range(60)]
    parts, _ = plan(questions)
    found = made(questions, parts, lambda one: [4.0 * grade for grade in one.grades])
    assert found.way == "tuned"
    assert found.held_out.shown
    assert found.held_out.interval.low > 0.2
    assert {*found.ways} == {"tuned", "hybrid:tuned", "rrf:late-interaction+tuned"}
    assert [point.questions for point in found.curve] == [25]
    assert found.curve[0].held_out.questions == 35


def test_noise_gains_nothing():
    questions = [question(n, order=[n % SIZE, *(i for i in range(SIZE) if i != n % SIZE)])
                 for n in range(60)]  # fmt: skip
    parts, _ = plan(questions)
    found = made(questions, parts, lambda one: np.random.default_rng(7).random(SIZE).tolist())
    assert found.held_out.interval.mean < 0
    assert not (found.held_out.shown and found.held_out.interval.mean > 0)


def test_the_way_of_a_folds_questions_is_chosen_on_the_others():
    """In two folds the logits are right, in the third they are wrong: chosen there, they lose."""
    questions = [question(n, order=[n % SIZE, *(i for i in range(SIZE) if i != n % SIZE)])
                 for n in range(60)]  # fmt: skip
    parts, _ = plan(questions)
    wrong = {questions[i].id for i in parts[2].tested}

    def logits(one):
        return [(-9.0 if one.id in wrong else 9.0) * grade for grade in one.grades]

    found = made(questions, parts, logits)
    assert found.held_out.losses >= 19


def test_a_name_that_cannot_be_nested_is_not_fused():
    questions = [question(n) for n in range(30)]
    parts, _ = plan(questions)
    found = made(questions, parts, lambda one: one.scores, "rrf:late-interaction+maxsim")
    assert {*found.ways} == {"tuned", "hybrid:tuned"}
