"""What every kind of trained reranker shares: a version that loses is kept, and never adopted."""

from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from rag.errors import NotThere, RanklensError
from rag.evaluate.measures.statistics import compare
from rag.rerank.adoption import Versions
from rag.settings import Settings
from ranklens.policy import OWNER
from ranklens.trained import TrainedKind, measured


@dataclass(frozen=True)
class MadeVersion:
    version: int
    gain: tuple[float, float, float]
    shown: bool
    name: str = "bridges"
    questions: int = 40
    made: str = "2026-01-01"
    reranker: str = "tuned"


def versions_of(*held: MadeVersion) -> type[Versions[MadeVersion]]:
    class MadeVersions(Versions[MadeVersion]):
        source = "tuned"

        def all(self) -> list[MadeVersion]:
            return list(held)

    return MadeVersions


def library(tmp_path, noted):
    settings = Settings(library=tmp_path)
    return SimpleNamespace(settings=settings, visitor=OWNER, note=lambda *what: noted.append(what))


def difference(gain: float):
    before = {f"q{n}": 0.5 for n in range(40)}
    return compare([(before, {q: value + gain for q, value in before.items()})])[0]


@pytest.mark.parametrize(("gain", "shown"), [(0.1, True), (-0.1, False), (0.0, False)])
def test_only_a_gain_counts_as_shown(gain: float, shown: bool):
    found = measured(difference(gain))
    assert found == {"gain": pytest.approx((gain, gain, gain)), "shown": shown}


def test_a_loss_that_is_shown_is_not_adopted_by_number_either(tmp_path):
    noted: list[tuple[str, ...]] = []
    loss = difference(-0.114)
    assert loss.shown, "the test shows the loss itself"
    lost = MadeVersion(1, **measured(loss))
    kind = TrainedKind("tuned", "tune", "tuned on", versions_of(lost))
    mine = library(tmp_path, noted)
    for number in (None, 1):
        with pytest.raises(RanklensError, match=r"not tuned on \(-0\.114"):
            kind.adopt(mine, number)
    assert kind.adopted(mine) is None
    assert noted == []


def test_what_is_adopted_is_noted_and_taken_back_one_step(tmp_path):
    noted: list[tuple[str, ...]] = []
    held = [MadeVersion(n, **measured(difference(0.1))) for n in (1, 2)]
    kind = TrainedKind("tuned", "tune", "tuned on", versions_of(*held))
    mine = library(tmp_path, noted)
    assert (kind.adopt(mine, 1), kind.adopt(mine)) == (held[0], held[1])
    assert (kind.back(mine), kind.adopted(mine)) == (held[0], held[0])
    assert kind.back(mine) is None
    assert [what for _, what in noted] == ["version 1", "version 2", "now 1", "now none"]
    with pytest.raises(NotThere, match="no tuned version is in use"):
        kind.back(mine)
    with pytest.raises(NotThere, match="`ranklens tune SET` does"):
        TrainedKind("tuned", "tune", "tuned on", versions_of()).adopt(mine)
