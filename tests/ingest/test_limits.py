"""Documents that are made to cost time or memory: cut elsewhere, within limits, in clear words."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rag.errors import DocumentError
from rag.settings import Settings
from tests.fakes import WordEncoder
from tests.ingest.build import parse

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def words(monkeypatch):
    monkeypatch.setattr("ranklens.library.load_encoder", lambda _settings: WordEncoder())


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize("text", ["." * 1_000_000, "A. " * 200_000], ids=["dots", "initials"])
def test_a_text_that_froze_the_server_takes_seconds(library, write, text):
    start = time.monotonic()
    (outcome,) = library.add(write("a.txt", text))
    assert outcome.status == "added"
    assert time.monotonic() - start < 40


def test_nothing_is_cut_or_counted_in_this_process(library, write, monkeypatch):
    def here(*_args, **_more):
        raise AssertionError("in the server's process")

    monkeypatch.setattr("ingest.chunk.chunk", here)
    monkeypatch.setattr("ingest.atoms.count", here)
    monkeypatch.setattr(WordEncoder, "count_tokens", here)
    assert [o.status for o in library.add(write("a.txt", "The moon. " * 500))] == ["added"]
    assert len(library.chunks("a.txt")) > 1


def test_a_text_that_is_too_long_is_refused_with_the_limit(library, write):
    library.settings = library.settings.updated(max_document_characters=1000)
    added = library.add([write("long.txt", "moon " * 201), write("short.txt", "moon " * 200)])
    long, short = sorted(added, key=lambda outcome: outcome.name)
    assert long.status == "failed"
    assert "more than 1,000 characters" in long.reason
    assert "max_document_characters" in long.reason
    assert short.status == "added"


def test_a_text_of_too_many_chunks_is_refused_with_the_limit(library, write):
    library.settings = library.settings.updated(max_document_chunks=10)
    few, more = library.add([write("a.txt", "moon " * 1000), write("b.txt", "moon " * 4000)])
    assert few.status == "added"
    assert 5 <= few.chunks <= 10
    assert more.status == "failed"
    assert "more than 10 chunks" in more.reason
    assert "max_document_chunks" in more.reason


def test_chunks_are_refused_before_all_of_them_are_made(write):
    """The limit is noticed as the tokens are counted: sections are not even looked at."""
    settings = Settings(max_document_chunks=10, parse_seconds=20)
    with pytest.raises(DocumentError, match="max_document_chunks"):
        parse(write("a.txt", "moon\n" * 1_000_000), settings)


MEASURED = """
import json, resource, sys
from pathlib import Path
import ranklens.library
from rag.models.hub import embedded_folder
from rag.models.tokens import Tokens
from rag.settings import Settings
from tests.fakes import WordEncoder

class Real(WordEncoder):
    count_tokens = lambda self, texts: Tokens(embedded_folder()).count(texts)
    token_counter = embedded_folder()

def peak(who):
    return resource.getrusage(who).ru_maxrss >> 10

ranklens.library.load_encoder = lambda settings: Real()
settings = Settings(library=Path(sys.argv[1]), cache=Path(sys.argv[1]), max_document_chunks=500)
with ranklens.library.Library.open(settings) as library:
    library.add(sys.argv[2])  # imports
    before = peak(resource.RUSAGE_SELF)
    outcomes = library.add(sys.argv[3:])
grown = peak(resource.RUSAGE_SELF) - before
reasons = [outcome.reason for outcome in outcomes]
print(json.dumps([grown, peak(resource.RUSAGE_CHILDREN), reasons]))
"""
HEAVY = {
    "tildes.txt": "~" * 4_000_000,
    "one row.csv": "abc,12," * 700_000,
    "one line.md": "*a* " * 200_000,
}


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is in kB on Linux only")
def test_memory_stays_within_bounds(tmp_path, write):
    paths = [write("small.txt", "The moon. " * 50), *(write(*file) for file in HEAVY.items())]
    ended = subprocess.run(
        (sys.executable, "-c", MEASURED, tmp_path / "library", *paths),
        cwd=ROOT, capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    server, child, reasons = json.loads(ended.stdout)
    assert server < 100
    assert child < 1024
    assert [("max_document_chunks" in reason) for reason in reasons] == [True] * len(HEAVY)
