"""Tuning on a library's judgements: nothing changes until it is adopted, and one step back."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from rag.errors import ModelError, NotThere, RanklensError, SettingsError
from rag.evaluate.progress import Interrupted
from rag.models import training
from rag.models.training import TrainingOptions
from rag.rerank.tuned import FACTS
from ranklens import background, judged_sets, tuning
from ranklens.library import Library
from ranklens.tuning import TuningWishes
from ranklens.tuning_parts import TuningParts
from tests.rag.models.tiny import save_cross
from tests.ranklens.test_learning import QUESTIONS, taught


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(save_cross(tmp_path_factory.mktemp("base") / "bert", "bert"))


def copied(base: Path, _pairs: object, folder: Path, *_more: object) -> None:
    """Train nothing: where the weights are not what a test is about."""
    shutil.copytree(base, folder)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small models are trained faster by one thread if the machine is busy."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with taught(tmp_path) as opened:
        yield opened


def show(library: Library) -> None:
    """Have every version count as one whose gain is shown."""
    for path in (library.settings.library / "tuned").glob(f"*/{FACTS}"):
        path.write_text(path.read_text().replace('"shown": false', '"shown": true'))


def wishes(base: str, **changes: object) -> TuningWishes:
    return TuningWishes(base, **{"epochs": 1, "negatives": 2, **changes})  # type: ignore[arg-type]


def test_what_is_tuned_changes_nothing_until_it_is_adopted(library: Library, base: str):
    before = library.search(QUESTIONS[0])
    report = library.tune(QUESTIONS, wishes(base))
    assert (report.version.version, report.version.questions) == (1, 24)
    assert report.version.base == "bert"  # the folder's place is nobody's business
    assert not report.version.shown  # every question is answered by the first passage already
    assert report.tuning.held_out.questions == 24
    assert library.search(QUESTIONS[0]).evidence == before.evidence
    assert tuning.versions(library) == [report.version]
    assert not (library.settings.library / tuning.WORK).exists()
    _check_folder(library)
    with pytest.raises(RanklensError, match="no gain was shown"):
        tuning.adopt(library)
    show(library)
    assert tuning.adopt(library).version == 1
    stage = library.search(QUESTIONS[0]).stages[-1]
    assert (stage.reranker, stage.details["tuned_version"]) == (report.version.reranker, 1)
    assert tuning.back(library) is None
    assert library.search(QUESTIONS[0]).stages[-1].reranker == "late-interaction"
    with pytest.raises(NotThere):
        tuning.back(library)


def _check_folder(library: Library) -> None:
    """It is one that `cross-encoder` loads, with a model card that holds no words of documents."""
    folder = library.settings.library / "tuned" / "1"
    stage = library.pipeline.with_settings(reranker=f"cross-encoder:{folder}").search("the moon")
    assert not stage.stages[-1].fell_back
    card = (folder / "README.md").read_text()
    for part in ("version 1", "Base: bert", "24 judged questions", "| epochs | 1 |",
                 "24 relevant pairs", "95 % interval", "sentence-transformers 6"):  # fmt: skip
        assert part in card
    words = [*QUESTIONS, *(chunk.text for chunk in library.chunks("moon.md"))]
    assert not [text for text in words if text in card]


def test_what_was_stopped_goes_on_with_the_part_that_it_was_at(
    library: Library, base: str, monkeypatch: pytest.MonkeyPatch
):
    judged, stop, trained = judged_sets.own_questions(library, QUESTIONS), threading.Event(), []

    def watched(*args: Any) -> None:
        trained.append(args[2])
        copied(*args)

    monkeypatch.setattr(training, "train_cross", watched)

    def report(done: int, total: int, unit: str) -> None:
        if unit == "steps" and len(trained) == 2:
            stop.set()

    with pytest.raises(Interrupted, match=r"stopped after \d+ of \d+ steps"):
        tuning.tune(judged, {}, wishes(base), on_progress=report, stop=stop)
    work = library.settings.library / tuning.WORK
    assert (work / "fold 1.json").is_file()
    assert tuning.versions(library) == []
    trained.clear()
    found = tuning.tune(judged, {}, wishes(base))
    assert [Path(str(path)).name for path in trained] == ["all.new"]
    assert found.tuning.held_out.questions == 24


def test_other_wishes_or_judgements_start_anew(tmp_path: Path):
    def parts(digest: str) -> TuningParts:
        return TuningParts(tmp_path / "work", digest, tmp_path, [], 1, TrainingOptions())

    parts("one")
    done = tmp_path / "work" / "fold 1.json"
    done.write_text("{}")
    parts("one")
    assert done.exists()
    parts("two")
    assert not done.exists()


def test_what_cannot_be_tuned_is_named_before_anything_is_done(library: Library, base: str):
    with pytest.raises(RanklensError, match="tuning needs 20"):
        library.tune(QUESTIONS[:5], wishes(base))
    with pytest.raises(ModelError, match="not on this machine"):
        library.tune(QUESTIONS, wishes("nobody/nothing"))
    with pytest.raises(SettingsError, match="epochs is 0"):
        wishes(base, epochs=0)
    with pytest.raises(NotThere, match="ranklens tune SET"):
        tuning.adopt(library)
    judged = judged_sets.own_questions(library, QUESTIONS)
    with pytest.raises(SettingsError, match="not a folder"):
        background.tune(judged, {}, wishes(base))
