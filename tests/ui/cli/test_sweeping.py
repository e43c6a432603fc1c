"""`sweep` and `ab` over real libraries; vectors count words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fakes import WORDS, WordEncoder
from tests.ui.cli.conftest import Run


@pytest.fixture(autouse=True)
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("ranklens.library.load_encoder", lambda _settings: WordEncoder())
    monkeypatch.setenv("RANKLENS_LIBRARY", str(tmp_path / "library"))
    monkeypatch.setenv("RANKLENS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "ranklens.toml").write_text('reranker = "none"\n')
    return tmp_path / "library"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Rows of a file, and two questions about each."""
    made = tmp_path / "words"
    made.mkdir()
    corpus = [{"_id": w, "title": w, "text": f"All about the {w} of old."} for w in WORDS]
    queries = [{"_id": f"{w}{n}", "text": f"Where is the {w} {n}?"} for w in WORDS for n in "ab"]
    (made / "corpus.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in corpus))
    (made / "queries.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in queries))
    (made / "qrels.tsv").write_text("".join(f"{w}{n}\t{w}\t1\n" for w in WORDS for n in "ab"))
    return made


def test_a_folder_is_swept_by_a_file_of_wishes_and_shown(run: Run, folder: Path, tmp_path: Path):
    wishes = tmp_path / "sweep.toml"
    wishes.write_text(f'questions = "{folder}"\nmethod = "grid"\n[try]\nchunk_tokens = [16]\n')
    ran = run("sweep", "--file", wishes, "--try", "pool=5", "--report", tmp_path / "page.html")
    assert ran.code == 0, ran.err
    assert "No configuration did better than the present one." in ran.out
    assert "chunk_tokens=200, pool=50 (present, best)" in ran.out
    assert "Effect of each factor" in ran.out
    assert "words: 4 configurations" in (tmp_path / "page.html").read_text("utf-8")
    again = run("sweep", "--file", wishes, "--try", "pool=5", "--json")
    found = json.loads(again.out)
    assert "searches" not in again.err, "a finished sweep was run again"
    assert found["factors"] == {"chunk_tokens": [200, 16], "pool": [50, 5]}
    assert [one["found@10k"] for one in found["configurations"]] == [1.0] * 4


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("hours = 3\n", "unknown key 'hours'"),
        ("[try]\npool = 5\n", "[try] has lists"),
        ("=\n", "cannot be read as TOML"),
        ('method = "luck"\n[try]\npool = [5]\n', "halving or grid"),
    ],
)
def test_a_wrong_file_of_wishes_is_refused(run: Run, folder: Path, tmp_path: Path, text, why):
    wishes = tmp_path / "sweep.toml"
    wishes.write_text(text)
    ran = run("sweep", folder, "--file", wishes)
    assert ran.code == 2
    assert why in ran.err


def test_a_wrong_option_on_the_command_line_is_wrong_usage(run: Run, folder: Path):
    assert run("sweep", folder, "--try", "pool").code == 2
    assert run("sweep", "--try", "pool=5").code == 2


def test_nothing_was_compared_in_use_yet(run: Run, tmp_path: Path):
    (tmp_path / "a.txt").write_text("About the moon.")
    run("ingest", tmp_path / "a.txt")
    ran = run("ab")
    assert ran.code == 0
    assert "No question was interleaved yet" in ran.out
    assert json.loads(run("ab", "--json").out) == []
