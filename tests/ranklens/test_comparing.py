"""Pipelines side by side, saved ones, and how they are called."""

import pytest

from rag.errors import SettingsError
from ranklens.comparing import (
    changed_options,
    compare,
    describe_pipeline,
    grades_of,
    save_pipeline,
    saved_pipelines,
)
from tests.ui.fakes import ALL, FakeLibrary

Q = "How should batteries be kept?"
TWO = {"none": {"reranker": "none"}, "late": {"reranker": "late-interaction"}}


@pytest.fixture
def library():
    return FakeLibrary()


def test_options_are_written_as_they_are_read(library):
    chosen = {"pool": 9, "threshold": None, "top": library.settings.top, "unknown": 1}
    settings = library.settings.updated(threshold=0.5)
    assert changed_options(settings, chosen) == "pool=9,threshold=none"


@pytest.mark.parametrize(("name", "options"), [("a=b", "pool=9"), ("wide", "pool")])
def test_a_pipeline_that_cannot_be_kept_is_refused_in_words(library, name, options):
    with pytest.raises(SettingsError):
        save_pipeline(library, name, options)
    assert saved_pipelines(library.settings) == {}


def test_current_is_not_called_reranked_if_the_settings_have_no_reranker(library):
    settings = library.settings.updated(reranker="none")
    assert describe_pipeline(library.settings, "current") == "With reranking (late-interaction)"
    assert describe_pipeline(settings, "current") == "Without reranking (current)"
    assert describe_pipeline(settings, "none") == "Without reranking"
    assert describe_pipeline(settings, "wide") == "wide"
    model = library.settings.updated(reranker="cross-encoder", cross_encoder="acme/small-one")
    assert describe_pipeline(model, "current") == "With reranking (small-one)"


def test_sides_are_alike_or_not_and_show_what_judgements_find_relevant(library):
    made = compare(library.pipeline, TWO, Q)
    first, second = made.sides
    assert made.shared_pool == 10
    assert made.likeness(first) is None
    assert made.likeness(second).overlap == 1.0
    assert made.trace_with(ALL[0].id) is first.trace
    assert made.trace_with("elsewhere") is None
    assert grades_of(library, made) == type(grades_of(library, made))(frozenset(), None, False)
    library.judgements.grade(Q, ALL[0], 2, "ada")
    found = grades_of(library, made)
    assert (found.relevant, found.judged) == ({ALL[0].id}, True)
    assert found.scores.sides["none"] == 1.0
