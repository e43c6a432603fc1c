"""Kept evaluations of a library: their facts, figures of now, and two of them compared."""

from dataclasses import replace

import pytest

from rag.errors import NotThere
from rag.evaluate.data import Question
from rag.evaluate.experiments import saved
from ranklens import evaluations, judged_sets, measuring
from tests.ui.fakes import ALL, FakeLibrary

QUESTIONS = [Question(f"q{i}", f"How should batteries be kept {i}?") for i in range(8)]
TWO = {"none": {"reranker": "none"}, "current": {"reranker": "late-interaction"}}


@pytest.fixture
def library():
    made = FakeLibrary()
    made.question_sets.put("field", QUESTIONS)
    for question in QUESTIONS:
        made.judgements.grade(question.text, ALL[10], 3, "ada")
    return made


def run(library, **options):
    variants = {name: {**one, **options} for name, one in TWO.items()}
    return measuring.measure(judged_sets.question_set(library, "field"), variants)


def test_a_run_is_kept_with_its_facts(library):
    library.collections.make("manuals")
    library.collections.put("manuals", ["field-guide.pdf"])
    kept = evaluations.keep(library, run(library), "manuals")
    (found,) = evaluations.listed(library)
    assert found == kept
    assert (found.name, found.collection, found.questions) == ("field", "manuals", 8)
    assert found.documents == 1
    assert len(found.library) == 8
    assert [p.label for p in found.pipelines] == [
        "Without reranking", "With reranking (late-interaction)",
    ]  # fmt: skip
    assert found.pipelines[1].quality == 1.0
    assert found.headline.startswith("Reranking put the right passage higher for 8 questions")
    assert found.kind == "better"
    assert evaluations.listed(library, "other") == []
    catalogue = library.index.catalogue
    catalogue.update_document(catalogue.ready()[0].id, status="failed")
    again = evaluations.keep(library, run(library))
    assert again.library != found.library


def test_figures_are_those_of_now(library):
    kept = evaluations.keep(library, run(library))
    for question in QUESTIONS:
        library.judgements.grade(question.text, ALL[10], 0, "ada")
        library.judgements.grade(question.text, ALL[0], 3, "ada")
    found, _ = evaluations.figures(library, kept.id)
    assert found.stage("reranked", "none").metrics["ndcg@10"].mean == 1.0
    with pytest.raises(NotThere):
        evaluations.figures(library, "gone")


def test_two_runs_are_compared_over_the_same_questions(library):
    first = evaluations.keep(library, run(library))
    changed = run(library, pool=20)
    swapped = {**TWO, "current": {"reranker": "none"}}
    worse = measuring.measure(judged_sets.question_set(library, "field"), swapped)
    mixed = replace(changed, runs=(changed.runs[0], worse.runs[1]))
    second = evaluations.keep(library, mixed)
    found = evaluations.changes(library, first.id, second.id)
    assert found.facts == ()
    assert found.notes == ()
    none, current = found.pipelines
    assert none.sentence == (
        "Without reranking left the right passage where it was for each of 8 questions."
    )
    assert ("pool", "50", "20") in none.options
    assert current.kind == "worse"
    assert "higher than before for 0 questions and lower for 8: a clear loss" in current.sentence


def test_the_evaluation_of_an_older_version_is_imported_once(library):
    path = library.settings.library / evaluations.BEFORE
    saved.save(run(library), path)
    (found,) = evaluations.listed(library)
    assert found.name == "field"
    assert not path.exists()
    assert len(evaluations.listed(library)) == 1
    path.write_bytes(b"not gzip")
    assert len(evaluations.listed(library)) == 1
    assert path.exists()


def test_a_run_that_there_is_no_room_for_is_not_kept(library, caplog):
    (library.settings.library / "measured").write_text("a file in the folder's place")
    assert evaluations.keep(library, run(library)) is None
    assert "is lost when the program ends" in caplog.text


def test_an_evaluation_of_an_older_version_stays_until_it_is_kept(library):
    path = library.settings.library / evaluations.BEFORE
    saved.save(run(library), path)
    blocked = library.settings.library / "measured"
    blocked.write_text("a file in the folder's place")
    assert evaluations.listed(library) == []
    assert path.exists()
    blocked.unlink()
    assert len(evaluations.listed(library)) == 1
    assert not path.exists()
