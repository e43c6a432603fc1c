"""Sweeps over real libraries with a fake encoder: chosen, resumed, tested, saved."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.errors import RanklensError, SettingsError
from rag.evaluate.experiments import pipelines
from rag.evaluate.judgements.record import Judgement
from rag.evaluate.progress import Interrupted
from ranklens import judged_sets, sweeping
from ranklens.library import Library
from ranklens.sweeping import SweepWishes
from tests.fakes import WORDS, WordEncoder
from tests.serve.conftest import open_library

FILLER = "Nothing of note happened on that day and the log says so at some length."
QUESTIONS = [f"Where is the {word} in year {n}?" for n in range(3) for word in WORDS]


def text_of(word: str) -> str:
    """A document whose middle sentence alone is about its word."""
    return f"{FILLER} {FILLER} {FILLER}\n\nThe {word} is here, {word} of old.\n\n{FILLER} {FILLER}"


@pytest.fixture(scope="module")
def judged_library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("swept")
    source = folder / "source"
    source.mkdir()
    with open_library(folder, chunk_tokens=100, top=1) as opened:
        for word in WORDS:
            (source / f"{word}.txt").write_text(text_of(word), "utf-8")
        opened.add([source])
        for question in QUESTIONS:
            word = next(w for w in WORDS if w in question)
            judge(opened, question, word)
        yield opened


@pytest.fixture
def library(judged_library: Library, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    """The library without any sweep."""
    monkeypatch.setattr("ranklens.library.load_encoder", lambda _settings: WordEncoder())
    yield judged_library
    shutil.rmtree(judged_library.settings.library / "sweeps", ignore_errors=True)


def judge(library: Library, question: str, word: str) -> None:
    """Judge the sentence, not the chunk: a span that every chunking holds."""
    document, text = library.document(f"{word}.txt"), library.text(f"{word}.txt")
    start = text.index(f"The {word}")
    quote = f"The {word} is here, {word} of old."
    made = Judgement(
        question, document.name, document.digest, start, start + len(quote), quote, 3, "ada"
    )
    library.judgements.add([made])


def wishes(**more) -> SweepWishes:
    return SweepWishes(tried={"chunk_tokens": [20], "pool": [5]}, **more)


def indexes(library: Library) -> list[Path]:
    return list(library.settings.library.glob("sweeps/*/index-*"))


def test_it_chooses_on_one_half_and_tests_on_the_other(library: Library):
    judged = judged_sets.own_questions(library, QUESTIONS)
    found = sweeping.sweep(judged, wishes(method="grid", measure="evidence"))
    assert len(found.figures) == 4
    assert found.present.values == {"chunk_tokens": 100, "pool": 50}
    choosing, testing = {*found.plan.choosing}, {*found.plan.testing}
    assert not choosing & testing
    state = sweeping.kept.of_id(library.settings.library, found.id)
    for one in found.plan.configurations:
        asked = {*state.of(one.key)}
        tested = one in (found.present, found.winner, found.here)
        assert asked & testing == (testing if tested and found.held_out else set())
        assert asked >= choosing
    assert indexes(library) == []
    assert {document.name for document in library.documents()} == {f"{w}.txt" for w in WORDS}
    effects = {(one.factor, one.value): one for one in found.effects}
    assert effects["chunk_tokens", 20].pairs == 2
    summary = sweeping.summarise(found)
    assert len(summary.tables[0].rows) == 4
    assert "rl-plot" in str(summary.charts[0][1])
    by_size = {one.configuration.values["chunk_tokens"]: one for one in found.figures}
    assert by_size[20].characters < by_size[100].characters
    # Configurations of one quality come in the order of their times, so it is either pool's.
    evidence = [
        one.evidence for one in found.figures if one.configuration.values["chunk_tokens"] == 20
    ]
    assert max(evidence) > 0.5, "the judged sentence survives another chunking"


def test_it_goes_on_where_it_was_stopped(library: Library):
    judged, stop = judged_sets.own_questions(library, QUESTIONS), threading.Event()

    def stop_after_some(done: int, _total: int, unit: str) -> None:
        if unit == "searches" and done == 30:
            stop.set()

    with pytest.raises(Interrupted, match="goes on"):
        sweeping.sweep(judged, wishes(method="grid"), on_progress=stop_after_some, stop=stop)
    (state,) = sweeping.kept.kept(library.settings.library)
    assert 30 <= len(state.results) < 4 * len(QUESTIONS) // 2
    before, kept_indexes = dict(state.results), indexes(library)
    assert len(kept_indexes) == 1
    found = sweeping.sweep(judged, wishes(method="grid"))
    again = sweeping.kept.of_id(library.settings.library, found.id)
    assert again.key == state.key
    assert before.items() <= again.results.items(), "what was measured was measured again"
    assert indexes(library) == []


def test_a_finished_sweep_is_not_run_again_unless_it_is_to_be(library: Library):
    judged = judged_sets.own_questions(library, QUESTIONS)
    first = sweeping.sweep(judged, wishes())
    seen: list[str] = []
    again = sweeping.sweep(judged, wishes(), on_progress=lambda *of: seen.append(of[2]))
    assert (again, seen) == (first, [])
    sweeping.sweep(judged, wishes(again=True), on_progress=lambda *of: seen.append(of[2]))
    assert "searches" in seen
    assert sweeping.last(library, judged.name) is not None


def test_another_judgement_begins_another_sweep(library: Library):
    before = sweeping.plan_of(judged_sets.own_questions(library, QUESTIONS), wishes())
    judge(library, QUESTIONS[0], "sun")
    after = sweeping.plan_of(judged_sets.own_questions(library, QUESTIONS), wishes())
    library.judgements.remove(library.judgements.all(QUESTIONS[0], "sun.txt")[-1].id)
    again = sweeping.plan_of(judged_sets.own_questions(library, QUESTIONS), wishes())
    assert before.id != after.id
    assert before.id == again.id


def test_the_best_of_the_present_index_is_saved_with_its_figure(library: Library):
    judged = judged_sets.own_questions(library, QUESTIONS)
    found = sweeping.sweep(judged, SweepWishes({"pool": [1]}, save_as="swept"))
    assert found.end.saved_as == "swept"
    assert pipelines.saved(library.settings)["swept"] == found.here.ranking
    assert f"sweep {found.id}" in pipelines.notes(library.settings)["swept"]
    assert pipelines.delete(library.settings, "swept")
    assert pipelines.notes(library.settings) == {}


def test_an_index_that_is_too_large_is_left_out_with_the_reason(library: Library):
    judged = judged_sets.own_questions(library, QUESTIONS)
    found = sweeping.sweep(judged, wishes(index_mb=1))
    assert {one.configuration.values["chunk_tokens"] for one in found.figures} == {100}
    ((options, reason),) = found.end.skipped.items()
    assert (options, "more than 1 MB" in reason) == ("chunk_tokens=20", True)
    assert any(reason in sentence for sentence in sweeping.summarise(found).sentences)
    assert indexes(library) == []


def test_time_that_is_over_leaves_what_was_measured(library: Library):
    judged = judged_sets.own_questions(library, QUESTIONS)
    with pytest.raises(RanklensError, match="more minutes"):
        sweeping.sweep(judged, wishes(method="grid", minutes=1e-9))
    found = sweeping.sweep(judged, wishes(method="grid"))
    assert len(found.figures) == 4


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"method": "luck"}, "halving or grid"),
        ({"measure": "ndcg"}, "measure is"),
        ({"minutes": 0}, "above 0"),
        ({"minutes": "5"}, "a number"),
        ({"index_mb": 0}, "MB"),
    ],
)
def test_wishes_that_cannot_be_kept_are_refused(wrong, why):
    with pytest.raises(SettingsError, match=why):
        SweepWishes({"pool": [1]}, **wrong)


def test_a_name_that_no_pipeline_may_have_is_refused_before_anything_runs(library: Library):
    judged = judged_sets.own_questions(library, QUESTIONS)
    with pytest.raises(SettingsError, match="meaning of its own"):
        sweeping.sweep(judged, wishes(save_as="none"))
    assert sweeping.kept.kept(library.settings.library) == []
