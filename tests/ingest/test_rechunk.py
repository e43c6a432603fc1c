"""Documents indexed again in another library, from their texts."""

import threading
from pathlib import Path

import pytest

from ingest.rechunk import rechunk
from tests.serve.conftest import open_library, stock


def no_parsing(*_arguments: object, **_named: object) -> None:
    raise AssertionError("a document was parsed again")


@pytest.fixture
def two(tmp_path: Path):
    (tmp_path / "other").mkdir()
    with open_library(tmp_path) as source, open_library(tmp_path / "other") as target:
        stock(source, tmp_path)
        yield source, target


def test_the_same_texts_are_cut_anew_and_nothing_is_parsed(two, monkeypatch):
    source, target = two
    monkeypatch.setattr("ingest.parse.Parser.parse", no_parsing)
    assert rechunk(source, target)
    assert [d.name for d in target.documents()] == [d.name for d in source.documents()]
    for document in source.documents():
        assert target.text(document.name) == source.text(document.name)
        assert [c.text for c in target.chunks(document.name)] == [
            c.text for c in source.chunks(document.name)
        ]
    question = "Where is the comet?"
    found = [one.search(question).evidence for one in two]
    assert {hit.chunk.text for hit in found[0]} == {hit.chunk.text for hit in found[1]}
    assert found[0][0].chunk.text == found[1][0].chunk.text


def test_some_documents_only_and_what_is_there_stays(two):
    source, target = two
    assert rechunk(source, target, {"moon.md"})
    first = target.document("moon.md").id
    assert rechunk(source, target)
    assert target.document("moon.md").id == first
    assert len(target.documents()) == 3


def test_it_stops_between_batches_and_goes_on(two, monkeypatch):
    source, target = two
    monkeypatch.setattr("ingest.batched.AT_ONCE", 1)
    stop = threading.Event()
    assert not rechunk(source, target, on_progress=lambda _progress: stop.set(), stop=stop)
    assert len(target.documents()) == 1
    assert rechunk(source, target)
    assert len(target.documents()) == 3
