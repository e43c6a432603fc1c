"""Tuned versions: folders in the library, one list of what was adopted, and what a trace says."""

import json
import shutil

import pytest

from rag.errors import NotThere, RerankError
from rag.rerank.adoption import Adoptions
from rag.rerank.base import Context
from rag.rerank.learned import LearnedVersions
from rag.rerank.table import choose
from rag.rerank.tuned import FACTS, TunedVersion, TunedVersions
from rag.settings import Settings
from rag.types import Candidate
from tests.fakes import WordEncoder, make_chunk
from tests.rag.models.tiny import save_cross
from tests.rag.rerank.conftest import adopt as adopt_learned
from tests.rag.rerank.conftest import learned_weights

GAIN = (0.02, 0.01, 0.03)


@pytest.fixture
def library(base):
    base.library.mkdir()
    return base.library


@pytest.fixture
def add(library, tmp_path, cross):
    def added(way="hybrid:tuned"):
        folder = tmp_path / "model"
        shutil.copytree(cross, folder)
        version = TunedVersion("ms-marco", "bridges", 30, "2026-01-01", GAIN, True, way)
        return TunedVersions(Settings(library=library)).add(version, folder, "# Version {version}")

    return added


@pytest.fixture(scope="module")
def cross(tmp_path_factory):
    return save_cross(tmp_path_factory.mktemp("cross") / "bert", "bert")


@pytest.fixture
def rank(base, rerankers):
    def ranked(name, query="mars water"):
        pool = [
            Candidate(make_chunk("far", "ice"), 0.9, 0.0, 2.0),
            Candidate(make_chunk("near", "mars water"), 0.1, 0.0, 1.0),
        ]
        return rerankers.rank(query, pool, Context(base.updated(reranker=name), WordEncoder()))

    return ranked


def test_versions_are_folders_that_are_adopted_and_taken_back(library, add):
    versions = TunedVersions(Settings(library=library))
    assert (versions.all(), versions.adopted()) == ([], None)
    made = [add() for _ in range(2)]
    assert [one.version for one in made] == [1, 2]
    assert versions.all() == made
    assert (versions.folder(2) / "README.md").read_text() == "# Version 2"
    versions.adopt(1)
    versions.adopt(2)
    assert versions.adopted() == made[1]
    assert versions.back() == made[0]
    assert versions.back() is None
    with pytest.raises(NotThere):
        versions.back()
    with pytest.raises(NotThere, match=r"no tuned version 9 \(there are 1, 2\)"):
        versions.adopt(9)


def test_old_versions_go_but_those_in_use(library, add, monkeypatch):
    monkeypatch.setattr("rag.rerank.tuned.KEPT", 2)
    TunedVersions(Settings(library=library)).adopt(add().version)
    for _ in range(4):
        add()
    assert [one.version for one in TunedVersions(Settings(library=library)).all()] == [1, 4, 5]
    assert {path.name for path in (library / "tuned").iterdir()} == {"1", "4", "5"}


def test_auto_takes_what_was_adopted_last_of_both_kinds(library, add, base):
    context = Context(base.updated(reranker="auto"), WordEncoder())
    number = adopt_learned(library, maxsim=1.0)
    TunedVersions(Settings(library=library)).adopt(add("rrf:late-interaction+tuned").version)
    ranker, why = choose(context)
    assert ranker.name == "rrf:late-interaction+tuned:1"
    assert "version 1 was tuned from 30 judged questions and adopted" in why
    LearnedVersions(Settings(library=library)).adopt(number)
    assert choose(context)[0].name == "learned"
    LearnedVersions(Settings(library=library)).back()
    assert choose(context)[0].name == "rrf:late-interaction+tuned:1"
    TunedVersions(Settings(library=library)).back()
    assert choose(context)[0].name == "late-interaction"


@pytest.mark.parametrize("name", ["tuned", "tuned:1", "hybrid:tuned", "auto"])
def test_the_trace_names_the_version_also_if_scores_come_from_disk(library, add, rank, name):
    TunedVersions(Settings(library=library)).adopt(add().version)
    for cached in (0, 2):
        stage = rank(name)
        assert not stage.fell_back, stage.note
        assert stage.details["tuned_version"] == 1
        assert stage.details["cache_hits"] == cached


def test_the_version_that_is_adopted_later_ranks_at_once(library, add, rank):
    versions = TunedVersions(Settings(library=library))
    for number in (add().version, add().version):
        versions.adopt(number)
        assert rank("tuned").details["tuned_version"] == number


def test_without_a_version_it_says_how_to_tune_one(library, rank):
    stage = rank("tuned")
    assert stage.fell_back
    assert "ranklens tune SET" in stage.note
    assert "no tuned version 7" in rank("tuned:7").note
    assert "no tuned version" in rank("tuned:../x").note


def test_a_damaged_version_is_named_and_auto_does_without(library, add, rank):
    TunedVersions(Settings(library=library)).adopt(add().version)
    (library / "tuned" / "1" / FACTS).write_text("{")
    with pytest.raises(RerankError, match=r"tuned/1/version\.json"):
        TunedVersions(Settings(library=library)).all()
    stage = rank("auto")
    assert (stage.reranker, stage.fell_back) == ("late-interaction", False)
    assert "tuned/1/version.json" in stage.note
    assert str(library) not in stage.note


@pytest.mark.parametrize("held", ["{", "[1]", '["learned:x"]', '{"a": 1}'])
def test_a_damaged_list_is_named(library, held):
    (library / "adopted.json").write_text(held)
    with pytest.raises(RerankError, match=r"adopted\.json"):
        Adoptions(Settings(library=library)).last()


def test_the_list_of_a_library_of_before_holds(library):
    made = [
        LearnedVersions(Settings(library=library)).add(learned_weights(maxsim=1.0))
        for _ in range(2)
    ]
    path = library / "learned.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "adopted": [2, 1]}))
    assert LearnedVersions(Settings(library=library)).adopted() == made[0]
    LearnedVersions(Settings(library=library)).add(learned_weights(maxsim=1.0))
    assert LearnedVersions(Settings(library=library)).adopted() == made[0]
    assert LearnedVersions(Settings(library=library)).back() == made[1]
    assert json.loads((library / "adopted.json").read_text()) == ["learned:2"]
