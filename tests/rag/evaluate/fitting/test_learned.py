"""Learning weights: what is found where there is something, and nothing where there is not."""

import numpy as np
import pytest

from rag.errors import RanklensError
from rag.evaluate.fitting import learned as module
from rag.evaluate.fitting.learned import BLEND, JudgedPool, fit, learn
from rag.rerank.features import FEATURES

WIDTH = len(FEATURES)
SIZE = 12


def pools(count, truth, *, seed=1, shared=0):
    """Judged pools whose relevant passage is drawn by a weighted sum of features, ``truth``."""
    random = np.random.default_rng(seed)
    made = []
    for n in range(count):
        rows = random.random((SIZE, WIDTH))
        sums = 20 * rows @ truth
        shares = np.exp(sums - sums.max())
        best = int(random.choice(SIZE, p=shares / shares.sum()))
        grades = np.eye(SIZE)[best]
        document = f"d{n % shared if shared else n}"
        items = tuple(f"{n}-{i}" for i in range(SIZE))
        present = tuple(items[i] for i in np.argsort(-rows @ BLEND))
        made.append(JudgedPool(f"q{n}", items, rows, grades, present, frozenset([document])))
    grades = {
        one.question: {i: int(g) for i, g in zip(one.items, one.grades, strict=True)}
        for one in made
    }
    return made, grades


def test_the_weights_are_those_that_made_the_judgements():
    truth = BLEND + np.eye(WIDTH)[5] * 0.5
    made, _ = pools(400, truth)
    rows, grades = [one.rows for one in made], [one.grades for one in made]
    found = fit(rows, grades, 0.1)
    assert found / found[0] == pytest.approx(truth, abs=0.12)
    assert fit(rows, grades, 1e9) == pytest.approx(BLEND, abs=1e-6)


def test_a_minimum_is_found_from_far_away():
    made, _ = pools(30, np.eye(WIDTH)[5] * 50.0)
    rows, grades = [one.rows for one in made], [one.grades for one in made]
    found = fit(rows, grades, 0.3)
    assert np.isfinite(found).all()
    assert np.argmax(found) == 5


def test_pools_of_other_sizes_and_several_grades():
    rows = [np.eye(WIDTH)[1:4], np.eye(WIDTH)[1:2], np.eye(WIDTH)[5:10]]
    grades = [np.array([0, 3, 1.0]), np.array([1.0]), np.array([0, 0, 0, 0, 2.0])]
    found = fit(rows, grades, 0.01)
    assert found[2] > found[3] > found[1]
    assert found[9] > found[5]
    assert np.abs(found).sum() == pytest.approx(1)


def test_a_gain_is_shown_where_the_blend_overlooks_something():
    made, grades = pools(120, BLEND + np.eye(WIDTH)[5])
    found = learn(made, grades)
    assert found.held_out.shown
    assert found.held_out.interval.low > 0
    assert found.held_out.questions == 120
    assert found.weights[FEATURES[5]] > 0.3
    assert found.apart
    assert [point.questions for point in found.curve] == [25, 50]
    gains = [point.held_out.interval.mean for point in found.curve]
    assert 0 < gains[0] < gains[1] + 0.02


def test_no_gain_is_shown_where_the_blend_is_right():
    made, grades = pools(60, BLEND * 3)
    found = learn(made, grades)
    assert not (found.held_out.shown and found.held_out.interval.mean > 0)


def test_judgements_by_chance_teach_nothing():
    made, grades = pools(60, BLEND * 0)
    found = learn(made, grades)
    assert not (found.held_out.shown and found.held_out.interval.mean > 0)


def test_no_question_is_measured_by_weights_that_saw_its_document(monkeypatch):
    made, grades = pools(60, BLEND, shared=12)
    of = {one.question: one.documents for one in made}
    seen = []
    task = module._Task

    class Watched(task):
        def fitted(self, chosen):
            seen.append(list(chosen))
            return BLEND, 1.0

        def scores(self, weights, chosen):
            trained = {d for i in seen[-1] for d in made[i].documents}
            asked = {d for i in chosen for d in of[made[i].question]}
            assert not trained & asked
            return super().scores(weights, chosen)

    monkeypatch.setattr(module, "_Task", Watched)
    monkeypatch.setattr(module, "SIZES", ())
    assert learn(made, grades).apart
    assert len(seen) == module.FOLDS + 1
    assert seen[-1] == list(range(60))


def test_if_all_is_about_one_document_questions_alone_are_kept_apart():
    made, grades = pools(30, BLEND, shared=1)
    assert not learn(made, grades).apart


def test_too_few_judged_questions_are_refused():
    made, grades = pools(19, BLEND)
    with pytest.raises(RanklensError, match=r"19 judged questions have .* learning needs 20"):
        learn(made, grades)


def test_the_same_judgements_teach_the_same():
    made, grades = pools(40, BLEND + np.eye(WIDTH)[6] * 0.4)
    assert learn(made, grades) == learn(made, grades)
