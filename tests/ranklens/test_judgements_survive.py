"""Judgements over a real library: another chunking, a new index, a new version, a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

import ranklens.library
from rag.evaluate.judgements.store import JudgementStore
from rag.settings import Settings
from ranklens.library import Library
from tests.fakes import WordEncoder

Q = "What makes the tide?"
MOON = "The moon makes the tide."
TEXT = f"{MOON} " + "Mars has a probe in orbit. " * 12


@pytest.fixture(autouse=True)
def words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranklens.library, "load_encoder", lambda _settings: WordEncoder())


def relevant(library: Library) -> list[str]:
    """The texts of the chunks that people judged relevant."""
    grades = JudgementStore(library.index.catalogue).qrels([Q]).grades.get(Q, {})
    chunks = {chunk.id: chunk for d in library.documents() for chunk in library.chunks(d.name)}
    return [chunks[id_].text for id_, grade in grades.items() if grade]


def test_they_survive(settings: Settings, tmp_path: Path):
    path = tmp_path / "sky.txt"
    path.write_text(TEXT)
    wide = settings.updated(chunk_tokens=200)
    with Library.open(wide) as library:
        library.enqueue(path)
        library.work()
        (chunk,) = library.chunks("sky.txt")
        library_grades = JudgementStore(library.index.catalogue)
        library_grades.grade(Q, chunk, 1, "ada")
        library.reindex(["sky.txt"])
        library.work()
        assert len(relevant(library)) == 1, "indexed again"

    narrow = settings.updated(chunk_tokens=16)
    with Library.open(narrow, reindex=True) as library:
        library.work()
        assert len(library.chunks("sky.txt")) > 3
        assert len(relevant(library)) == len(library.chunks("sky.txt")), "another chunking"
        first = next(c for c in library.chunks("sky.txt") if MOON in c.text)
        JudgementStore(library.index.catalogue).grade(Q, first, 3, "ben")

        path.write_text(f"New words stand here first, and they are many. {TEXT}")
        library.enqueue(path)
        library.work()
        assert any(MOON in text for text in relevant(library)), "a new version"

    with Library.open(narrow) as library:
        assert any(MOON in text for text in relevant(library)), "a restart"
        assert {one.status for one in JudgementStore(library.index.catalogue).all()} == {"current"}
