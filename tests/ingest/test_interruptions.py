"""A document that ends the process twice is not tried a third time by itself."""

import subprocess
import sys
from pathlib import Path

import pytest

from ranklens.library import Library
from tests.fakes import WordEncoder

ROOT = Path(__file__).resolve().parents[2]
START = """
import os, sys
from pathlib import Path
import ranklens.library
from rag.settings import Settings
from tests.fakes import WordEncoder

class Fragile(WordEncoder):
    def encode(self, texts):
        if any("bomb" in text for text in texts):
            os.abort()
        return super().encode(texts)

ranklens.library.load_encoder = lambda settings: Fragile()
library = ranklens.library.Library.open(Settings(library=Path(sys.argv[1])))
for path in sys.argv[2:]:
    library.enqueue(Path(path))
library.work()
library.close()
"""


@pytest.fixture(autouse=True)
def words(monkeypatch):
    monkeypatch.setattr("ranklens.library.load_encoder", lambda _settings: WordEncoder())


@pytest.fixture
def bomb(tmp_path):
    path = tmp_path / "bomb.txt"
    path.write_text("A bomb. " * 50)
    return path


def start(settings, *paths):
    ended = subprocess.run(
        (sys.executable, "-c", START, settings.library, *paths), cwd=ROOT, capture_output=True
    )
    return ended.returncode


def documents(library):
    return {d.name: (d.status, d.interruptions) for d in library.documents()}


def test_a_document_that_ends_the_process_twice_fails(settings, tmp_path, bomb):
    good = tmp_path / "good.txt"
    good.write_text("The moon is round. " * 500)
    assert start(settings, bomb, good) != 0
    assert start(settings) != 0
    assert start(settings) == 0
    with Library.open(settings) as library:
        assert documents(library) == {"bomb.txt": ("failed", 2), "good.txt": ("ready", 0)}
        (failed,) = (d for d in library.documents() if d.name == "bomb.txt")
        assert "ended twice while it was being indexed" in failed.reason
        assert library.verify().problems == ()
        library.add(bomb)  # by hand it is tried again
        assert documents(library)["bomb.txt"] == ("ready", 0)


def test_a_document_that_is_interrupted_once_is_tried_again(settings, bomb):
    assert start(settings, bomb) != 0
    with Library.open(settings) as library:
        assert documents(library) == {"bomb.txt": ("queued", 1)}
        library.work()
        assert documents(library)["bomb.txt"][0] == "ready"


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_a_stop_by_the_user_is_no_interruption(settings, bomb, monkeypatch, error):
    def stopped(*_args):
        raise error

    with Library.open(settings) as library:
        library.enqueue(bomb)
        with monkeypatch.context() as during:
            during.setattr(library.index, "add", stopped)
            with pytest.raises(error):
                library.work()
    with Library.open(settings) as library:
        assert documents(library) == {"bomb.txt": ("queued", 0)}
        library.work()
        assert documents(library) == {"bomb.txt": ("ready", 0)}
