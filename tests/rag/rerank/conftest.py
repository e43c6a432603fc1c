"""What the rerankers' tests share."""

import shutil

import pytest

from rag.rerank import table
from rag.rerank.base import Context, Entry
from rag.rerank.features import FEATURES
from rag.rerank.learned import LearnedVersions, LearnedWeights
from rag.rerank.run import Rerankers
from rag.rerank.tuned import TunedVersion, TunedVersions
from rag.settings import Settings
from tests.fakes import WordEncoder


@pytest.fixture
def base(tmp_path):
    """Settings over folders of the test's own."""
    return Settings(library=tmp_path / "library", cache=tmp_path / "cache")


@pytest.fixture
def rerankers():
    made = Rerankers()
    yield made
    made.close()


@pytest.fixture
def run(base, rerankers, monkeypatch):
    """Rank a pool with a reranker (or several, by name) put into the table."""

    def ranked(reranker, pool, query="mars orbit", /, remote=False, others=None, **changes):
        for name, made in {"scripted": reranker, **(others or {})}.items():
            entry = Entry(name, "", lambda _context, made=made: made, remote=remote)
            monkeypatch.setitem(table.TABLE, name, entry)
        settings = base.updated(**{"reranker": "scripted", **changes})
        return rerankers.rank(query, pool, Context(settings, WordEncoder()))

    return ranked


def ids(stage):
    return [hit.chunk.id for hit in stage.hits]


def learned_weights(**weights: float) -> LearnedWeights:
    """Weights of a few features, as a version that was learned from them."""
    every = {**dict.fromkeys(FEATURES, 0.0), **weights}
    return LearnedWeights(every, "bridges", 30, "2026-01-01", (0.02, 0.01, 0.03), True)


def adopt(library, **weights: float) -> int:
    """Adopt weights of a few features in a library's folder; returns their version."""
    versions = LearnedVersions(Settings(library=library))
    return versions.adopt(versions.add(learned_weights(**weights)).version).version


def adopt_tuned(library, model, way="hybrid:tuned") -> int:
    """Adopt a copy of a cross-encoder's folder as a tuned version; returns its number."""
    versions, aside = TunedVersions(Settings(library=library)), library / "aside"
    shutil.copytree(model, aside)
    gain = (0.02, 0.01, 0.03)
    version = TunedVersion("bert", "bridges", 30, "2026-01-01", gain, True, way)
    return versions.adopt(versions.add(version, aside, "# Version {version}").version).version
