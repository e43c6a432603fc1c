"""Which questions are measured, and what is relevant to them."""

import pytest

from rag.errors import LibraryError
from rag.evaluate.data import Question
from rag.evaluate.progress import Interrupted
from rag.settings import Settings
from ranklens import judged_sets
from tests.conftest import ROOT
from tests.ui.fakes import ALL, FakeLibrary

Q = "How should batteries be kept?"


@pytest.fixture
def library():
    return FakeLibrary()


def test_questions_that_are_given_are_measured_by_their_judgements(library):
    library.judgements.grade(Q, ALL[0], 2, "ada")
    with judged_sets.judged_set(library, [Q, "And lenses?"]) as judged:
        assert [question.text for question in judged.judged] == [Q]
        assert judged.grades == {"q1": {ALL[0].id: 2}}


def test_a_new_judgement_is_seen_at_once(library):
    asked = (Question("q", Q),)
    assert judged_sets.graded(library, asked)[0] == {}
    library.judgements.grade(Q, ALL[1], 1, "ada")
    assert judged_sets.graded(library, asked)[0] == {"q": {ALL[1].id: 1}}


def test_a_set_that_does_not_exist_is_refused_by_name(library):
    with (
        pytest.raises(LibraryError, match="'mine' is neither a folder nor a question set"),
        judged_sets.judged_set(library, "mine"),
    ):
        pass


def test_a_folder_gets_a_library_on_no_server(tmp_path):
    settings = Settings(
        library=tmp_path / "own", chroma_url="http://127.0.0.1:1",
        database_url="postgresql://a@127.0.0.1:1/x", files_url="s3://bucket",
    )  # fmt: skip
    opened = []

    def opens(given, **_how):
        opened.append(given)
        raise Interrupted("far enough")

    with (
        pytest.raises(Interrupted),
        judged_sets.opened_set(opens, settings, str(ROOT / "sample_docs")),
    ):
        pass
    (own,) = opened
    assert (own.chroma_url, own.database_url.get_secret_value(), own.files_url) == ("", "", "")
