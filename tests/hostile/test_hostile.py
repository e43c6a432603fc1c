"""A short version of `make hostile`: each file is read or refused, and nothing else ends."""

import pytest

from ingest.progress import FileOutcome
from ranklens.library import Library
from tests.fakes import WordEncoder
from tests.hostile.generators import GENERATORS
from tests.hostile.harness import Result, Visitor, add, limited, p95, prepare

# Every second or third of them, which differ by suffix and character only: a minute is enough.
STEPS = {"quadratic": 3, "entities": 3, "mutants": 2}


@pytest.fixture
def library(settings, tmp_path, monkeypatch):
    monkeypatch.setattr("ranklens.library.load_encoder", lambda _settings: WordEncoder())
    with Library.open(limited(settings)) as opened:
        prepare(opened, tmp_path)
        yield opened


@pytest.mark.parametrize("kind", GENERATORS)
def test_every_file_is_read_or_refused_in_words_while_others_ask(library, tmp_path, kind):
    files = list(GENERATORS[kind](1))[:: STEPS.get(kind, 1)]
    with Visitor(library) as visitor:
        results = list(add(library, tmp_path, files))
    assert len(results) == len(files)
    assert [(r.name, r.problem, r.outcome.reason) for r in results if r.problem] == []
    assert {r.outcome.status for r in results} <= {"added", "failed", "unchanged", "replaced"}
    assert all(r.seconds > 0 for r in results if r.outcome.status == "added")
    assert visitor.wrong == []
    assert visitor.times
    assert p95(visitor.times) < 2
    assert library.progress().problem == ""
    assert library.verify().problems == ()


def test_the_same_seed_makes_the_same_files():
    assert list(GENERATORS["mutants"](1)) == list(GENERATORS["mutants"](1))


@pytest.mark.parametrize(
    ("seconds", "reason", "problem"),
    [
        (1, "its parts are nested too deeply to read", ""),
        (99, "it is damaged", "took 99 s"),
        (1, "", "gives no reason"),
        (1, "it cannot be read (RecursionError: …)", "says 'RecursionError'"),
        (1, "no such file: /srv/library/files/ab", "says '/files/'"),
    ],
)
def test_what_counts_as_a_problem(seconds, reason, problem):
    assert Result("a", seconds, FileOutcome("a", "failed", reason)).problem == problem
