"""Quotes and marks from files become judgements: documents by name, faults by row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.datasets.anchored import judgements_from, texts
from ingest.datasets.base import Gold
from ingest.datasets.questions import read
from rag.errors import RanklensError
from rag.evaluate.data import Question
from rag.store.catalogue import Catalogue
from tests.rag.evaluate.libraries import put

ASKED = [Question("q1", "Which numbers?")]


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    opened = Catalogue(tmp_path / "catalogue.sqlite")
    for name in ("speech.md", "notes/a.txt", "notes/b.txt", "b.md", "plain"):
        put(opened, name, f"{name} says one two three")
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("speech.md", "speech.md"),
        ("speech", "speech.md"),
        ("notes/a.txt", "notes/a.txt"),
        ("a.txt", "notes/a.txt"),
        ("a", "notes/a.txt"),
        ("b.txt", "notes/b.txt"),
        ("plain", "plain"),
    ],
)
def test_a_document_is_known_with_and_without_folder_and_suffix(catalogue, given, name):
    held = texts(catalogue)(given)
    assert held is not None
    assert (held.name, held.text) == (name, f"{name} says one two three")


def test_a_name_that_two_documents_have_is_refused_and_a_strange_one_unknown(catalogue):
    with pytest.raises(ValueError, match=r"'b' could be 'b\.md' or 'notes/b\.txt'"):
        texts(catalogue)("b")
    assert texts(catalogue)("c") is None


def test_every_fault_is_told_with_its_line(catalogue):
    golds = [
        Gold("q1", "speech", "one two", line=2),
        Gold("q1", "gone", "one two", line=3),
        Gold("q1", "b", "one two", line=4),
        Gold("q1", "plain", "four", line=5),
        Gold("q1", "plain", "one", grade=4, line=6),
    ]
    with pytest.raises(RanklensError) as caught:
        judgements_from(golds, ASKED, texts(catalogue), "import")
    told = str(caught.value)
    assert "4 rows are faulty" in told
    wrong = ("not in the library (gone)", "could be", "quote is not there", "grade 4 is not one")
    for line, what in enumerate(wrong, 3):
        assert f"line {line}: " in told
        assert what in told
    (made,) = judgements_from(golds[:1], ASKED, texts(catalogue), "import")
    assert (made.document, made.quote) == ("speech.md", "one two")


def test_qrels_of_a_question_that_is_not_there_are_named(tmp_path):
    (tmp_path / "queries.jsonl").write_text('{"_id": "1", "text": "Why?"}\n')
    (tmp_path / "qrels.tsv").write_text("1\td\t1\n2\td\t1\n")
    with pytest.raises(RanklensError, match=r"qrels\.tsv: 1 row(.|\n)*line 2: question '2'"):
        read(tmp_path)
    (tmp_path / "qrels.tsv").write_text("1\td\t1\n")
    assert read(tmp_path) == ((Question("1", "Why?"),), (Gold("1", "d", "", grade=1, line=1),))
