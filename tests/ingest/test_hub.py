"""Data sets as parquet and JSON Lines, read like BEIR's; hostile files are refused in words."""

from __future__ import annotations

import json
import types
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from ingest import datasets
from ingest.datasets import irds
from rag.errors import RanklensError

CORPUS = [{"_id": "d1", "title": "Moon", "text": "It pulls the tide."}, {"_id": "d2", "text": "x"}]
QUERIES = [{"_id": "q1", "text": "What pulls?", "answer": "The moon"}, {"_id": "q2", "text": "y"}]
QRELS = [
    {"query-id": "q1", "corpus-id": "d1", "score": 2},
    {"query-id": "q1", "corpus-id": "d2", "score": 0},
]


def table(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    names = list(dict.fromkeys(name for row in rows for name in row))
    parquet.write_table(
        pyarrow.table({name: [row.get(name) for row in rows] for name in names}), path
    )


def lines(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def assert_read(folder: Path) -> None:
    found = datasets.read(folder)
    assert [(row.id, row.title, row.text) for row in found.rows] == [
        ("d1", "Moon", "It pulls the tide."), ("d2", "", "x")
    ]  # fmt: skip
    assert [(q.id, q.text, q.answer) for q in found.questions] == [
        ("q1", "What pulls?", "The moon")
    ]
    assert found.qrels == {"q1": {"d1": 2, "d2": 0}}


def test_parquet_in_one_file_or_in_several_of_a_folder(tmp_path: Path):
    table(tmp_path / "corpus" / "part-0.parquet", CORPUS[:1])
    table(tmp_path / "corpus" / "part-1.parquet", CORPUS[1:])
    table(tmp_path / "queries.parquet", QUERIES)
    table(
        tmp_path / "qrels" / "test-0.parquet",
        [row | {"score": 1.0 * row["score"]} for row in QRELS],
    )
    assert_read(tmp_path)


def test_json_lines_with_the_hub_s_names_of_columns(tmp_path: Path):
    lines(tmp_path / "corpus.jsonl", [{"id": r["_id"], **r} for r in CORPUS])
    lines(tmp_path / "queries.jsonl", [{"id": r["_id"], "question": r["text"],
                                        "answer": r.get("answer")} for r in QUERIES])  # fmt: skip
    graded = (("d1", "2"), ("d2", 0))
    rows = [{"query_id": "q1", "corpus_id": key, "relevance": grade} for key, grade in graded]
    lines(tmp_path / "qrels.jsonl", rows)
    assert_read(tmp_path)


def beside(tmp_path: Path) -> None:
    lines(tmp_path / "queries.jsonl", QUERIES)
    lines(tmp_path / "qrels.jsonl", QRELS)


def test_damaged_and_foreign_parquet_is_refused_by_name(tmp_path: Path):
    beside(tmp_path)
    file = tmp_path / "corpus.parquet"
    file.write_bytes(b"PAR1" + b"\x00\xff" * 500 + b"PAR1")
    with pytest.raises(RanklensError, match=r"corpus\.parquet cannot be read"):
        datasets.read(tmp_path)
    table(file, [{"vector": 1.0}])
    with pytest.raises(RanklensError, match="none of the columns _id, id, title, text"):
        datasets.read(tmp_path)
    table(file, [{"_id": "a", "text": "x" * (3 << 20)}])  # packs to a few kB
    assert file.stat().st_size < 1 << 20
    with pytest.raises(RanklensError, match="more than 2 MB"):
        datasets.read(tmp_path, 2)


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([{"query-id": "q1", "corpus-id": "d1", "score": 1.5}], "grade 1.5 is not a whole number"),
        ([{"query-id": "q1", "corpus-id": "d1"}], "no score"),
        ([{"query-id": "q1", "score": 1}], "no _id"),
        ([{"query-id": True, "corpus-id": "d1", "score": 1}], "no _id"),
        ([{"query-id": "q1", "corpus-id": "d1", "score": "inf"}], "not a whole number"),
    ],
)
def test_faulty_judgements_are_named_by_their_line(tmp_path: Path, rows: list, fault: str):
    lines(tmp_path / "corpus.jsonl", CORPUS)
    lines(tmp_path / "queries.jsonl", QUERIES)
    lines(tmp_path / "qrels.jsonl", [*QRELS, *rows])
    with pytest.raises(RanklensError, match=f"line 3: .*{fault}"):
        datasets.read(tmp_path)


def test_an_id_may_not_come_twice_in_two_files(tmp_path: Path):
    beside(tmp_path)
    table(tmp_path / "corpus" / "part-0.parquet", CORPUS)
    table(tmp_path / "corpus" / "part-1.parquet", CORPUS[:1])
    with pytest.raises(RanklensError, match="document 'd1' comes twice"):
        datasets.read(tmp_path)


class FakeSet:
    """What `ir_datasets.load` returns, over the rows above."""

    def has_docs(self) -> bool:
        return True

    has_queries = has_qrels = has_docs

    def docs_count(self) -> int:
        return 2

    def docs_iter(self):
        yield types.SimpleNamespace(doc_id="d1", title="Moon", text="It pulls the tide.")
        yield types.SimpleNamespace(doc_id="d2", default_text=lambda: "x")

    def queries_iter(self):
        for row in QUERIES:
            yield types.SimpleNamespace(query_id=row["_id"], text=row["text"])

    def qrels_iter(self):
        for row in QRELS:
            yield types.SimpleNamespace(
                query_id=row["query-id"], doc_id=row["corpus-id"], relevance=row["score"]
            )


def package(monkeypatch: pytest.MonkeyPatch, load) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ir_datasets", types.SimpleNamespace(load=load))


def test_ids_of_ir_datasets(monkeypatch: pytest.MonkeyPatch):
    package(monkeypatch, lambda name: {"small/test": FakeSet()}[name])
    found = datasets.read_source("ir_datasets:small/test")
    assert (found.name, [row.id for row in found.rows]) == ("small-test", ["d1", "d2"])
    assert [q.id for q in found.questions] == ["q1"]
    assert found.qrels == {"q1": {"d1": 2, "d2": 0}}
    with pytest.raises(RanklensError, match="knows no data set 'gone'"):
        irds.read("ir_datasets:gone")


def test_ir_datasets_may_be_missing_lack_a_part_or_fail(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "ir_datasets", None)
    with pytest.raises(RanklensError, match="pip install ir_datasets"):
        irds.read("ir_datasets:x")
    without = FakeSet()
    without.has_qrels = lambda: False
    package(monkeypatch, lambda _name: without)
    with pytest.raises(RanklensError, match="has no qrels"):
        irds.read("ir_datasets:x")
    large = FakeSet()
    large.docs_count = lambda: 9_000_000
    package(monkeypatch, lambda _name: large)
    with pytest.raises(RanklensError, match="9,000,000 documents"):
        irds.read("ir_datasets:x")

    def load(_name):
        raise OSError("no network")

    package(monkeypatch, load)
    with pytest.raises(RanklensError, match="no network"):
        irds.read("ir_datasets:x")
