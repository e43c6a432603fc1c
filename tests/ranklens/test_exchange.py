"""Whole data sets: what is exported comes back, and hostile archives do no harm."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from ingest import datasets
from rag.errors import NotThere, RanklensError
from rag.evaluate.data import Question
from ranklens import exchange, job_results, judged_sets, upkeep
from tests.serve.conftest import open_library, stock

Q = "Which probe landed on the moon?"


@pytest.fixture
def library(tmp_path: Path):
    with open_library(tmp_path) as opened:
        stock(opened, tmp_path)
        opened.question_sets.put(
            "space", [Question("q 1", Q, "who", "A probe"), Question("q2", "Why?")]
        )
        yield opened


def judged(library) -> dict[str, int]:
    """Grade two passages; returns text → grade."""
    passages = {c.text: c for name in ("moon.md", "mars.txt") for c in library.chunks(name)}
    wanted = dict(zip(passages, (3, 1), strict=False))
    for text, grade in wanted.items():
        library.judgements.grade(Q, passages[text], grade, "ada")
    return wanted


@pytest.mark.parametrize("form", exchange.FORMS)
def test_a_set_comes_back_with_its_passages_and_grades(library, tmp_path: Path, form: str):
    wanted = judged(library)
    (tmp_path / "space.zip").write_bytes(exchange.export_archive(library, "space", form))
    exchange.export_folder(library, "space", tmp_path / "out", form)
    found = datasets.read(tmp_path / "out")
    texts = {row.id: row.text for row in found.rows}
    assert len(texts) == sum(
        len(library.chunks(name)) for name in ("moon.md", "mars.txt", "comet.txt")
    )
    assert found.qrels == {
        "q%201": {key: wanted[text] for key, text in texts.items() if text in wanted}
    }
    assert found.questions == (Question("q%201", Q, "who", "A probe"),)

    with open_library(tmp_path / "other") as other:
        made = exchange.import_dataset(other, tmp_path / "space.zip", "again")
        assert (made.documents, made.questions, made.judgements) == (len(texts), 1, 2)
        assert made.notes == ()
        again = judged_sets.question_set(other, "again")
        assert (again.unit, again.collection) == ("document", "again")
        assert sorted(again.grades["q%201"].values()) == sorted(wanted.values())
        assert {name.split("/")[0] for name in again.grades["q%201"]} == {"again"}
        twice = exchange.import_dataset(other, tmp_path / "space.zip", "again")
        assert (twice.documents, len(other.documents())) == (len(texts), len(texts))


def beir(folder: Path, corpus: list[dict[str, str]], qrels: str) -> Path:
    folder.mkdir()
    (folder / "corpus.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in corpus))
    (folder / "queries.jsonl").write_text('{"_id": "1", "text": "What is it?"}\n')
    (folder / "qrels.tsv").write_text(qrels)
    return folder


def test_what_cannot_be_kept_is_named(library, tmp_path: Path):
    corpus = [
        {"_id": "a", "text": "The same words."},
        {"_id": "b", "text": "The same words."},
        {"_id": "c", "text": ""},
    ]
    folder = beir(tmp_path / "set", corpus, "1\ta\t7\n1\tb\t1\n1\tc\t2\n1\tgone\t-1\n")
    made = exchange.import_dataset(library, folder)
    assert (made.name, made.documents, made.judgements) == ("set", 1, 2)
    words = "; ".join(made.notes)
    assert "1 document has the text of another one" in words
    assert "2 judgements of documents or questions that are not there" in words
    assert "2 grades cut to 0 to 3" in words


def test_sources_that_are_none(library, tmp_path: Path):
    with pytest.raises(NotThere, match="neither a folder"):
        exchange.import_dataset(library, tmp_path / "gone")
    with pytest.raises(NotThere, match="no question set 'gone'"):
        exchange.export_archive(library, "gone")
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04 no zip")
    with pytest.raises(RanklensError, match=r"bad\.zip is not read"):
        exchange.import_dataset(library, tmp_path / "bad.zip")
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as files:
        files.writestr("README.md", "x")
    with pytest.raises(RanklensError, match="holds no file that ends in"):
        exchange.import_dataset(library, tmp_path / "empty.zip")


def test_names_in_an_archive_lead_nowhere(tmp_path: Path):
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w") as files:
        for name in (
            "../../evil.jsonl",
            "/etc/corpus.jsonl",
            "a/../qrels/test.tsv",
            "..\\x.tsv",
            ".jsonl",
        ):
            files.writestr(name, "x")
    with exchange.unpacked(path) as folder:
        there = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
        assert there == ["corpus.jsonl", "evil.jsonl", "jsonl", "qrels/test.tsv", "x.tsv"]
        assert not (folder.parent.parent / "evil.jsonl").exists()


def test_uploads_are_imported_by_a_job_that_leaves_no_files(library, tmp_path: Path):
    folder = beir(tmp_path / "up", [{"_id": "a", "text": "Round."}], "1\ta\t2\n")
    uploads = [(path.name, io.BytesIO(path.read_bytes())) for path in sorted(folder.iterdir())]
    job = upkeep.import_dataset(library, uploads, "loaded")
    job.thread.join()
    assert job.error == ""
    assert job_results.result(job)["judgements"] == 1
    assert library.question_sets.collection_of("loaded") == "loaded"
