from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from rag.errors import RanklensError, SettingsError
from rag.evaluate.data import Question
from rag.evaluate.experiments import pipelines, saved
from rag.evaluate.experiments.pipelines import delete, resolve, save
from rag.evaluate.experiments.run import evaluate
from rag.evaluate.measures.figures import figures, outside
from rag.evaluate.measures.gates import check, parse_gate
from rag.evaluate.measures.likeness import likeness
from rag.evaluate.progress import Interrupted
from rag.settings import Settings
from tests.rag.evaluate.made import CHUNKS, FakePipeline, answer_of, make, questions
from tests.rag.evaluate.measures.test_metrics import by_formula


def test_figures_are_the_mean_of_what_the_formula_says():
    evaluation = make(20)
    found = figures(evaluation, ("ndcg@10", "mrr"))
    stage = found.stage("fused", "none")
    assert stage is not None
    by_hand = [
        by_formula("ndcg@10", list(ranking.items), dict(evaluation.grades[question]))
        for question, ranking in evaluation.run("none").rankings("fused")
    ]
    assert stage.metrics["ndcg@10"].mean == pytest.approx(sum(by_hand) / 20, abs=1e-6)
    assert stage.metrics["ndcg@10"].low < stage.metrics["ndcg@10"].mean
    assert found.runs[0].baselines["oracle"]["ndcg@10"] == pytest.approx(1.0)


def test_the_reranker_that_knows_is_found_out():
    found = figures(make(40))
    across = found.comparisons[-1]
    assert (across.before, across.after) == (("none", "reranked"), ("late", "reranked"))
    assert across.difference.shown
    assert across.difference.losses == 0
    steps = [(c.before, c.after) for c in found.comparisons]
    assert (("none", "dense"), ("none", "fused")) in steps
    assert (("late", "dense"), ("late", "fused")) not in steps, "told once: the pool is the same"
    assert (("none", "fused"), ("none", "reranked")) not in steps


def test_pipelines_are_compared_by_what_the_answer_is_given():
    variants = {"one": {"reranker": "auto"}, "two": {"reranker": "auto", "hops": 2}}
    found = figures(make(40, variants=variants))
    across = found.comparisons[-1]
    assert (across.before, across.after) == (("one", "reranked"), ("two", "second-hop"))
    assert across.difference.shown
    steps = [(c.before, c.after) for c in found.comparisons]
    assert (("one", "fused"), ("one", "reranked")) in steps
    alike = likeness(*(run.run for run in found.runs))
    assert alike is not None
    assert alike.rbo < 1


def test_a_step_begins_where_its_pool_came_from():
    evaluation = make(20)
    run = evaluation.run("late")
    expanded = []
    for one in run.results:
        *before, reranked = one.rankings
        turned = replace(before[-1], stage="expanded", items=before[-1].items[::-1])
        expanded.append(replace(one, rankings=(*before, turned, reranked)))
    found = figures(replace(evaluation, runs=(replace(run, results=tuple(expanded)),)))
    steps = [(c.before[1], c.after[1]) for c in found.comparisons]
    assert steps == [
        ("dense", "fused"), ("lexical", "fused"), ("fused", "expanded"), ("expanded", "reranked")
    ]  # fmt: skip


def test_a_documents_place_is_its_best_chunks():
    evaluation = make(5, unit="document")
    for question, ranking in evaluation.run("late").rankings("reranked"):
        assert len(ranking.items) == len(set(ranking.items)) == 6
        number = int(question.split()[-1])
        if number % 3:
            assert ranking.items[0] == CHUNKS[answer_of(number)].document


def test_fallen_back_questions_are_counted_and_kept_out():
    asked = [*questions(6), Question("q 6", "fall 6"), Question("q 7", "fall 7")]
    found = figures(make(8, questions=asked))
    late = found.runs[1].stages["reranked"]
    assert (late.questions, late.fell_back) == (6, 2)
    assert found.runs[1].stages["fused"].questions == 8
    assert found.comparisons[-1].difference.questions == 6


def test_a_question_that_fails_is_told_and_the_others_go_on():
    asked = [*questions(3), Question("q 3", "fail 3")]
    evaluation = make(4, questions=asked)
    assert evaluation.runs[0].failures == {"q 3": "nothing could be searched"}
    assert figures(evaluation).runs[0].stages["dense"].questions == 3


def test_questions_without_judgements_are_left_out_and_counted():
    evaluation = make(3, questions=questions(5))
    assert len(evaluation.questions) == 3
    assert evaluation.notes == ("2 questions without a relevant judgement were left out",)
    with pytest.raises(RanklensError, match="nothing is measured"):
        evaluate("x", FakePipeline(Settings()), {"a": {}}, questions(2), {"q 0": {"a": 0}})


def test_wrong_settings_end_it_and_a_stop_is_heard():
    with pytest.raises(SettingsError):
        make(3, variants={"bad": {"reranker": "unheard-of"}})
    stop = threading.Event()
    heard: list[tuple[int, int]] = []

    def on_progress(done: int, total: int) -> None:
        heard.append((done, total))
        stop.set()

    with pytest.raises(Interrupted, match="after 1 of 9"):
        make(9, stop=stop, on_progress=on_progress)
    assert heard == [(1, 9)]


def test_frozen_gives_all_pipelines_the_first_ones_pool():
    variants = {"a": {"pool": 20}, "b": {"pool": 99, "reranker": "none"}}
    pipelines: list[Settings] = []

    class Watched(FakePipeline):
        def with_settings(self, **changes: object) -> Watched:
            made = Watched(self.settings.updated(**changes), self.asked)
            pipelines.append(made.settings)
            return made

    make(2, variants=variants, pipeline=Watched(Settings()), frozen=True)
    assert [one.pool for one in pipelines[-2:]] == [20, 20]
    assert pipelines[-1].reranker == "none"


def test_a_saved_evaluation_is_replayed_exactly(tmp_path: Path):
    evaluation = make(12)
    for name in ("made.json", "made.json.gz"):
        saved.save(evaluation, tmp_path / name)
        again = saved.load(tmp_path / name)
        assert again == evaluation
        assert outside(figures(again)) == outside(figures(evaluation))
    assert saved.digest(make(12)) == saved.digest(evaluation) != saved.digest(make(11))


@pytest.mark.parametrize("text", ["", "[]", '{"version": 1}', '{"version": 9}', "null"])
def test_a_file_that_is_no_evaluation_is_named(tmp_path: Path, text: str):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(RanklensError, match=r"x\.json"):
        saved.load(path)


def test_the_outside_form():
    data = outside(figures(make(6)))
    assert data["questions"] == 6
    assert list(data["stages"]) == ["dense", "lexical", "fused", "reranked"]
    assert set(data["stages"]["dense"]["ndcg@10"]) == {"mean", "low", "high"}
    assert set(data["stages"]["dense"]["seconds"]) == {"p50", "p95"}
    assert data["comparisons"][0]["verdict"]
    assert list(data["pipelines"]) == ["none", "late"]


@pytest.mark.parametrize(
    ("gate", "passes"),
    [
        ("reranked.ndcg@10>=0", True),
        ("late:reranked.ndcg@10 > 0.99", False),
        ("late:reranked.mrr>=0.6", True),
        ("fused.ndcg@10<=1", True),
        ("dense.p95_ms<1.5", True),
        ("late:p95_ms<=100", False),
        ("second-hop.ndcg@10>=0", False),
        ("nobody:reranked.ndcg@10>=0", False),
    ],
)
def test_gates(gate: str, passes: bool):
    outcome = check(parse_gate(gate), figures(make(12)))
    assert outcome.passed is passes
    assert ("passed" if passes else "failed") in str(outcome)


@pytest.mark.parametrize(
    "gate", ["reranked.ndcg@10", "ndcg@10>=0.5", "reranked.bleu@4>=1", "reranked.ndcg@10=>1", ""]
)
def test_a_malformed_gate_is_refused(gate: str):
    with pytest.raises(SettingsError):
        parse_gate(gate)


def test_pipelines_by_name(tmp_path: Path):
    settings = Settings(library=tmp_path)
    save(settings, "wide", {"pool": 200})
    assert resolve(settings, ()) == {"current": {}}
    assert resolve(settings, ("wide", "none", "deep:pool=100,reranker=none")) == {
        "wide": {"pool": 200},
        "none": {"reranker": "none"},
        "deep": {"pool": "100", "reranker": "none"},
    }
    assert delete(settings, "wide")
    assert not delete(settings, "wide")
    for wrong in ("wide", "pool=many", "x:colour=red", "pool=1,none"):
        with pytest.raises(SettingsError):
            resolve(settings, (wrong,))
    with pytest.raises(SettingsError):
        save(settings, "a=b", {})
    with pytest.raises(SettingsError):
        save(settings, "bad", {"pool": -1})


@pytest.mark.parametrize(
    "typed",
    [
        "llm_base_url=http://evil.example",
        "cohere_url=http://evil.example",
        "trust_remote_code=a/b",
        "prompts=/etc",
        "cross_encoder=/etc",
        "reranker=cross-encoder:./own",
        "library=/tmp",
    ],
)
def test_a_pipelines_options_shape_rankings_unless_the_owner_types_them(typed: str, tmp_path: Path):
    settings = Settings(library=tmp_path)
    name, _, value = typed.partition("=")
    with pytest.raises(SettingsError, match=f"option {name}"):
        resolve(settings, (typed,))
    with pytest.raises(SettingsError, match=f"option {name}"):
        save(settings, "kept", {name: value})
    assert resolve(settings, (typed,), owner=True) == {typed: {name: value}}
    (tmp_path / "pipelines.json").write_text(json.dumps({"theirs": {name: value}}))
    with pytest.raises(SettingsError, match=f"option {name}"):  # a library from elsewhere
        resolve(settings, ("theirs",), owner=True)


def test_two_who_save_pipelines_at_once_both_do(tmp_path: Path):
    settings = Settings(library=tmp_path)
    names = [f"p{number}" for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda name: save(settings, name, {"pool": 20}), names))
    assert set(pipelines.saved(settings)) == set(names)
    assert delete(settings, "p0")
    assert not delete(settings, "p0")
