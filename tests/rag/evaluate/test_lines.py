"""Files of questions and judgements from outside: much in little, long rows, deep nesting."""

from __future__ import annotations

import json
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest import datasets
from ingest.datasets.questions import read as read_questions
from rag.errors import RanklensError
from rag.evaluate import lines as limits
from rag.evaluate.experiments import saved
from rag.evaluate.faults import read_rows
from rag.evaluate.judgements.files import DocumentText, from_csv, from_qrels
from rag.evaluate.lines import read_lines, table
from rag.inspect.files import opened as opened_trace
from rag.text import json_value
from tests.bombs import packed

MB = 1 << 20
TEXT = DocumentText("a", "digest", "Some text.")
ROW = {
    ".jsonl": b'{"question": "Why, and where, and when, and how, and by whom?", "id": 1}\n',
    ".csv": b'"Why, and where, and when, and how, and by whom?"\n',
    ".txt": b"1\tWhy, and where, and when, and how, and by whom?\n",
}


def peak(call: Callable[[], object]) -> int:
    """Return the most memory that a call has at once, in MB."""
    tracemalloc.start()
    call()
    most = tracemalloc.get_traced_memory()[1] // MB
    tracemalloc.stop()
    return most


def refused(call: Callable[[], object], words: str) -> Callable[[], object]:
    def refusing() -> None:
        with pytest.raises(RanklensError, match=words):
            call()

    return refusing


def judgements(path: Path) -> object:
    if ".csv" in path.name:
        return from_csv(read_lines(path, 1), lambda _: TEXT)
    return from_qrels(read_lines(path, 1), (), lambda _: TEXT)


@pytest.mark.parametrize("suffix", ROW)
@pytest.mark.parametrize("read", [lambda path: read_questions(path, 1), judgements])
def test_a_bomb_is_refused_before_it_takes_memory(tmp_path: Path, suffix: str, read):
    path = tmp_path / f"q{suffix}.gz"
    path.write_bytes(packed(ROW[suffix], 100 * MB, b"question,document,grade\n"))
    assert path.stat().st_size < MB
    words = f"{path} is not read: it unpacks to more than 1 MB; split it, or raise .*max_file_mb"
    assert peak(refused(lambda: read(path), words)) < 10


@pytest.mark.parametrize("name", ["corpus.jsonl.gz", "queries.jsonl.gz", "qrels.tsv.gz"])
def test_a_folder_with_a_bomb_is_refused(tmp_path: Path, name: str):
    content = {
        "corpus.jsonl": b'{"_id": "d", "text": "x"}\n',
        "queries.jsonl": b'{"_id": "q", "text": "x"}\n',
        "qrels.tsv": b"q\td\t1\n",
    }
    for file, text in content.items():
        (tmp_path / file).write_bytes(text)
    (tmp_path / name.removesuffix(".gz")).unlink()
    (tmp_path / name).write_bytes(packed(b" " * 1_000 + b"\n", 100 * MB))
    words = "unpacks to more than 1 MB"
    assert peak(refused(lambda: datasets.read(tmp_path, 1), words)) < 2


def test_saved_rankings_that_are_a_bomb_are_refused():
    bomb = packed(b"[],", 400 * MB, b'{"version": 1, "x": [', b"0]}")
    words = "x.gz cannot be read: it unpacks to more than 200 MB"
    assert peak(refused(lambda: saved.opened("x.gz", bomb), words)) < 210


def test_many_values_are_refused_before_they_are_made():
    data = b'{"version": 1, "x": [' + b"[]," * (json_value.MOST_VALUES // 2) + b"0]}"
    for call in (lambda: saved.opened("x", data), lambda: opened_trace("x", data)):
        assert peak(refused(call, "holds more than 10,000,000 values")) < 40


def test_a_line_and_a_row_have_a_limit(tmp_path: Path, monkeypatch):
    path = tmp_path / "q.csv.gz"
    path.write_bytes(packed(b"a,", 40 * MB, b"question\n"))
    words = "one of its lines has more than 16 MB"
    assert peak(refused(lambda: read_questions(path), words)) < 60
    monkeypatch.setattr(limits, "LONGEST", 10_000)
    path = tmp_path / "q.csv"
    path.write_text("question\n" + '"\nab",' * 10_000)
    with pytest.raises(RanklensError, match=r"no CSV.*: a row has more than 10,000 characters"):
        read_questions(path)
    path.write_text('question\n"' + "x\n" * 10_000)
    with pytest.raises(RanklensError, match=r"no CSV"):
        read_questions(path)


def test_columns_rows_and_quotes_are_counted(tmp_path: Path, monkeypatch):
    path = tmp_path / "q.csv"
    path.write_text("question," + "," * 1_000 + "\n" + "x\n" * 100)
    with pytest.raises(RanklensError, match="has 1,002 columns, more than 1,000"):
        read_questions(path)
    monkeypatch.setattr(limits, "MOST_LINES", 4)
    path = tmp_path / "topics"
    path.write_text("\n" * 5)
    with pytest.raises(RanklensError, match="it has more than 4 lines; split it"):
        read_questions(path)
    monkeypatch.setattr(limits, "MOST_ROWS", 2)
    path = tmp_path / "q.csv"
    path.write_text("question\nWho?\nWhy?\n")
    assert len(read_questions(path)[0]) == 2
    path.write_text("question\nWho?\nWhy?\nHow?\n")
    with pytest.raises(RanklensError, match="has more than 2 rows; split it"):
        read_questions(path)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("[" * 100_000, "its JSON is nested too deep"),
        ('{"question": ' + "[" * 100_000, "its JSON is nested too deep"),
        ('{"question": "\\ud800"}', "question holds half a character"),
        ('{"question": "Who?", "gold": [{"document": "a", "quote": "b", "start": 1e999}]}', "inf"),
        ('{"question": "Who?", "gold": 7}', "not iterable"),
        ('{"question": ' + "9" * 5_000 + "}", "it is not JSON"),
    ],
)
def test_a_hostile_row_is_named(tmp_path: Path, row: str, reason: str):
    path = tmp_path / "q.jsonl"
    path.write_text(f'{{"question": "Good?"}}\n{row}\n')
    with pytest.raises(RanklensError, match=f"1 row is faulty(.|\n)*line 2: .*{reason}"):
        read_questions(path)


def test_lines_of_a_table_end_in_any_way():
    assert table(["a,b\r1,2\r3,4"], "x")[0] == ["a", "b"]
    rows = [row for _, row in table(['a,b\r1,2\r"3\n', '4",5\r\n'], "x")[1]]
    assert rows == [{"a": "1", "b": "2"}, {"a": "3\n4", "b": "5"}]


def test_damaged_gzip_has_a_reason(tmp_path: Path):
    path = tmp_path / "q.jsonl.gz"
    for bad in (b"no gzip", packed(b"x", MB)[:-20], packed(b"x", MB)[:30] + b"\xff" * 50):
        path.write_bytes(bad)
        with pytest.raises(RanklensError, match=r"its compressed data is (damaged|incomplete)"):
            read_questions(path)
        with pytest.raises(RanklensError, match=r"its compressed data is (damaged|incomplete)"):
            saved.opened(path.name, bad)


def test_deep_json_is_no_saved_evaluation_and_no_trace():
    deep = json.dumps({"version": 1})[:-1].encode() + b', "x": ' + b"[" * 100_000
    for call in (lambda: saved.opened("x", deep), lambda: opened_trace("x", deep)):
        with pytest.raises(RanklensError, match="its JSON is nested too deep"):
            call()


def test_many_long_faults_make_a_short_message():
    def fault(row: str) -> None:
        raise ValueError(row)

    rows = ((n, "x" * 100_000) for n in range(1, 1_001))
    with pytest.raises(RanklensError, match=r"1000 rows are faulty(.|\n)*and 980 more") as caught:
        read_rows("file", rows, fault)
    assert len(str(caught.value)) < 10_000


def test_unclosed_topics_take_time_in_proportion(tmp_path: Path):
    path = tmp_path / "topics"
    for hostile in ("<top>", "<num", "<top><title>", "<top><num>"):
        path.write_text("<top>" + hostile * 100_000)
        with pytest.raises(RanklensError, match="holds no topics"):
            read_questions(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.qrels", "a.txt.gz", "a.json"])
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path, name):
    path = tmp_path / name
    os.mkfifo(path)
    with pytest.raises(RanklensError, match="cannot be read: it is no file but a pipe"):
        saved.load(path) if name == "a.json" else list(read_lines(path, 1))
