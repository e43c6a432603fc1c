"""What is queued while a worker is at it."""

import pytest

from tests.fakes import WordEncoder


@pytest.fixture(autouse=True)
def encoder(monkeypatch):
    monkeypatch.setattr("ranklens.library.load_encoder", lambda _settings: WordEncoder())


def test_a_version_that_is_ready_when_the_next_is_queued_answers_until_then(
    library, tmp_path, monkeypatch
):
    path = tmp_path / "note.txt"
    path.write_text("The first version.")
    library.enqueue(path)
    catalogue = library.index.catalogue
    add = catalogue.add_document

    def late(*values, **options):
        library.work()
        return add(*values, **options)

    monkeypatch.setattr(catalogue, "add_document", late)
    path.write_text("The second version.")
    assert library.enqueue(path).status == "queued"
    assert library.text("note.txt") == "The first version."
    library.work()
    assert library.text("note.txt") == "The second version."
    assert [document.status for document in library.documents()] == ["ready"]
    assert library.verify().problems == ()
