"""Learned weights: versions in the library's folder, which of them ranks, and what a trace says."""

import json
from dataclasses import replace

import pytest

from rag.errors import NotThere, RerankError
from rag.rerank.base import Context
from rag.rerank.learned import LearnedVersions
from rag.rerank.table import choose, choose_unlearned
from rag.settings import Settings
from rag.types import Candidate
from tests.fakes import WordEncoder, make_chunk
from tests.rag.models.tiny import save_cross
from tests.rag.rerank.conftest import adopt, ids, learned_weights


@pytest.fixture
def library(base):
    base.library.mkdir()
    return base.library


@pytest.fixture
def rank(base, library, rerankers):
    def ranked(name="learned", query="mars orbit"):
        pool = [
            Candidate(make_chunk("far", "tide"), 0.9, 0.0, 2.0),
            Candidate(make_chunk("near", "mars orbit"), 0.1, 0.0, 1.0),
        ]
        return rerankers.rank(query, pool, Context(base.updated(reranker=name), WordEncoder()))

    return ranked


def test_versions_are_kept_adopted_and_taken_back(library):
    versions = LearnedVersions(Settings(library=library))
    assert (versions.all(), versions.adopted()) == ([], None)
    with pytest.raises(NotThere):
        versions.back()
    made = [versions.add(learned_weights(maxsim=weight)) for weight in (1.0, 2.0, 3.0)]
    assert [one.version for one in versions.all()] == [1, 2, 3]
    assert versions.adopted() is None
    versions.adopt(1)
    versions.adopt(3)
    assert LearnedVersions(Settings(library=library)).adopted() == made[2]
    assert versions.back() == made[0]
    assert versions.back() is None
    with pytest.raises(NotThere, match=r"no learned version 9 \(there are 1, 2, 3\)"):
        versions.adopt(9)


def test_old_versions_go_but_those_in_use(library, monkeypatch):
    monkeypatch.setattr("rag.rerank.learned.KEPT", 2)
    versions = LearnedVersions(Settings(library=library))
    adopt(library, maxsim=1.0)
    for _ in range(4):
        versions.add(learned_weights(dense=1.0))
    assert [one.version for one in versions.all()] == [1, 4, 5]


def test_the_adopted_version_ranks_and_the_trace_names_it(library, rank):
    adopt(library, dense=1.0)
    assert ids(rank()) == ["far", "near"]
    version = adopt(library, maxsim=1.0)
    stage = rank()
    assert (ids(stage), stage.reranker) == (["near", "far"], "learned")
    assert stage.details["learned_version"] == version
    assert stage.details["pairs"] == 2  # so that a budget of time knows what one costs
    assert stage.details["unit"] == "learned sum"
    assert ids(rank("learned:1")) == ["far", "near"]
    LearnedVersions(Settings(library=library)).back()
    assert (ids(rank()), rank().details["learned_version"]) == (["far", "near"], 1)


def test_auto_takes_what_was_adopted_and_says_so(library, rank, base):
    context = Context(base.updated(reranker="auto"), WordEncoder())
    before, _ = choose(context)
    version = adopt(library, dense=1.0)
    stage = rank("auto")
    assert stage.reranker == "learned"
    assert f"version {version} was learned from 30 judged questions and adopted" in stage.note
    assert choose_unlearned(context)[0] is before
    LearnedVersions(Settings(library=library)).back()
    assert rank("auto").reranker == before.name


def test_without_a_version_it_says_how_to_learn_one(rank):
    stage = rank()
    assert stage.fell_back
    assert "ranklens learn SET" in stage.note
    assert "no learned version 7" in rank("learned:7").note
    assert "no learned version" in rank("learned:../x").note


@pytest.fixture
def beside(library, tmp_path):
    """Adopt weights of another reranker's score alone; returns that reranker's name."""
    name = f"cross-encoder:{save_cross(tmp_path / 'cross', 'bert')}"

    def adopted(identity=""):
        weights = learned_weights()
        others = {name: identity}
        every = {**weights.weights, f"score of {name}": 1.0}
        versions = LearnedVersions(Settings(library=library))
        versions.adopt(versions.add(replace(weights, weights=every, others=others)).version)
        return name

    return adopted


def test_another_rerankers_score_is_weighed(rank, beside):
    alone = rank(beside())
    stage = rank("learned")
    assert not stage.fell_back, stage.note
    assert ids(stage) == ids(alone)
    assert [hit.score for hit in stage.hits] == [1.0, 0.0]
    assert (stage.reranker, stage.details["learned_version"]) == ("learned", 1)
    assert not rank("hybrid:learned").fell_back


def test_a_reranker_that_has_changed_is_not_weighed(rank, beside):
    name = beside("cross-encoder of another day")
    stage = rank("learned")
    assert stage.fell_back
    assert f"{name} is not what its score was learned with; learn again" in stage.note


@pytest.mark.parametrize(
    "held",
    [
        "{",
        "[]",
        '{"version": []}',
        json.dumps({"versions": [{"weights": {"maxsim": 1}}], "adopted": [1]}),
        "features",
        "infinite",
    ],
)
def test_a_file_that_is_none_is_named_and_auto_does_without(library, rank, held):
    adopt(library, maxsim=1.0)
    path = library / "learned.json"
    if held == "features":
        held = path.read_text().replace('"maxsim"', '"of another program"')
    elif held == "infinite":
        held = path.read_text().replace('"maxsim": 1.0', '"maxsim": Infinity')
    path.write_text(held)
    with pytest.raises(RerankError, match=r"learned\.json"):
        LearnedVersions(Settings(library=library)).all()
    assert "learned.json" in rank().note
    stage = rank("auto")
    assert (stage.reranker, stage.fell_back) == ("late-interaction", False)
    assert "learned.json" in stage.note
