"""Tune a cross-encoder on a library's judgements; `ranklens.trained` adopts it."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from rag.errors import ModelError, SettingsError
from rag.evaluate.fitting import tuned as fitting
from rag.evaluate.fitting.learned import SIZES
from rag.evaluate.fitting.pools import JudgedQuestion, judged_questions, present_reranker
from rag.evaluate.fitting.tuned import Tuning
from rag.evaluate.progress import advance
from rag.evaluate.reports import tuned as reports
from rag.evaluate.reports.fitted import FittedPart
from rag.models import training
from rag.models.catalogue import listed
from rag.models.files import folder_digest
from rag.models.hub import PACKED, locate, untrusted
from rag.models.training import TrainingOptions
from rag.rerank.tuned import TunedVersion, TunedVersions
from rag.settings import Settings
from rag.settings.models import names_folder
from ranklens import trained
from ranklens.trained import TrainedKind
from ranklens.tuning_parts import TuningParts

if TYPE_CHECKING:
    from rag.pipeline import Pipeline
    from ranklens.judged_sets import JudgedSet

__all__ = [
    "SIZES", "TunedVersion", "TuningReport", "TuningWishes", "adopt", "adopted", "back", "bases",
    "check", "tune", "versions",
]  # fmt: skip

KIND = TrainedKind("tuned", "tune", "tuned on", TunedVersions)
versions, adopted, adopt, back = KIND.versions, KIND.adopted, KIND.adopt, KIND.back
WORK = "tuning"  # in the library's folder, while parts are trained


@dataclass(frozen=True, slots=True)
class TuningWishes:
    """How to tune.

    ``base`` is a checkpoint on this machine, a folder or a name; without one it is the settings'
    cross-encoder if that is here, else their encoder. ``negatives`` is how many passages that are
    not relevant a question gets, ``tokens`` the most that is read of a pair, ``sizes`` the judged
    questions of the learning curve, each of which takes a training more.
    """

    base: str = ""
    epochs: int = 2
    negatives: int = 7
    learning_rate: float = 5e-5
    batch: int = 16
    tokens: int = 256
    sizes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Raise `SettingsError` if a number is out of its range."""
        for name, least, most in (
            ("epochs", 1, 50), ("negatives", 1, 100), ("learning_rate", 1e-7, 1e-1),
            ("batch", 1, 512), ("tokens", 16, 8192),
        ):  # fmt: skip
            if not least <= getattr(self, name) <= most:
                raise SettingsError(f"{name} is {getattr(self, name)}; it can be {least} to {most}")

    @property
    def training(self) -> TrainingOptions:
        """What the trainer needs."""
        return TrainingOptions(self.epochs, self.learning_rate, self.batch, self.tokens)


@dataclass(frozen=True, slots=True)
class TuningReport:
    """A version that was tuned, what cross-validation shows of it, and how long it all took."""

    version: TunedVersion
    tuning: Tuning
    seconds: float

    def summary(self) -> list[FittedPart]:
        """Describe it in words and tables."""
        return reports.described(self.tuning, self.version.version)


def bases(settings: Settings) -> list[str]:
    """Return the models on this machine that can be tuned, the default one first."""
    here = [one.model.name for one in listed(settings)
            if one.folder and one.model.kind != "colbert" and one.model.name != PACKED]  # fmt: skip
    return list(dict.fromkeys([default_base(settings), *here]))


def default_base(settings: Settings) -> str:
    """Return the settings' cross-encoder if it is on this machine, else their encoder."""
    try:
        locate(settings.cross_encoder)
    except ModelError:
        return settings.encoder
    return settings.cross_encoder


def check(settings: Settings, wishes: TuningWishes, *, visitor: bool = False) -> Path:
    """Return the folder of what is to be tuned.

    Raises `ModelError` if it is not here, cannot be tuned, or training is not installed, and
    `SettingsError` if a ``visitor`` names a folder that the settings do not.
    """
    name = wishes.base or default_base(settings)
    if visitor and wishes.base and names_folder(name) and name not in bases(settings):
        raise SettingsError("name a model, not a folder; `ranklens tune` takes folders")
    if reason := training.missing():
        raise ModelError(reason)
    folder = locate(name)
    if name == PACKED:
        raise ModelError(f"{name} is packed and cannot be tuned; name another model")
    if reason := untrusted(name, folder, settings):
        raise ModelError(reason)
    return folder


def tune(
    judged: JudgedSet,
    options: Mapping[str, Any],
    wishes: TuningWishes | None = None,
    *,
    on_progress: Callable[[int, int, str], None] | None = None,
    stop: Event | None = None,
    before_keeping: Callable[[], None] = lambda: None,
) -> TuningReport:
    """Tune on a judged set and keep the version in its library; nothing else is changed.

    ``options`` are the settings in which the pipeline that it is compared with differs from the
    library's. A run that was stopped or killed goes on where it was if judgements and wishes are
    the same. Raises `RanklensError` if too few questions are judged, and `Interrupted` once
    ``stop`` is set. What ``before_keeping`` raises keeps the version from being kept.
    """
    started, wishes = time.perf_counter(), wishes or TuningWishes()
    pipeline, library = judged.pipeline.with_settings(**options), judged.library.settings.library
    base = check(judged.library.settings, wishes)
    questions = _questions(judged, pipeline, on_progress, stop)
    parts, apart = fitting.plan(questions, wishes.sizes)
    digest = _digest(questions, wishes, folder_digest(base, pipeline.settings.cache))
    work = TuningParts(library / WORK, digest, base, questions, wishes.negatives, wishes.training)
    total = sum(work.steps(part) for part in parts)
    shown = (lambda done, of: on_progress(done, of, "steps")) if on_progress else None
    tested = work.run(parts, pipeline.settings, pipeline.encoder,
                      lambda done: advance(done, total, "steps", shown, stop))  # fmt: skip
    present = present_reranker(pipeline)
    found = fitting.worth(
        questions, judged.grades, parts, tested, present, pipeline.settings.rrf_k, apart
    )
    before_keeping()
    version = _kept(judged, wishes, found, work, parts)
    return TuningReport(version, found, time.perf_counter() - started)


def _questions(
    judged: JudgedSet, pipeline: Pipeline,
    on_progress: Callable[[int, int, str], None] | None, stop: Event | None,
) -> list[JudgedQuestion]:  # fmt: skip
    chosen = judged.judged
    shown = (lambda done, of: on_progress(done, of, "questions")) if on_progress else None
    found = []
    for one in judged_questions(pipeline, chosen, judged.grades, judged.unit):
        found.append(one)
        advance(len(found), len(chosen), "questions", shown, stop)
    return found


def _digest(questions: list[JudgedQuestion], wishes: TuningWishes, base: str) -> str:
    """Return what names the data and the settings of a tuning."""
    data = [(q.id, q.text, [c.chunk.id for c in q.pool], q.grades, q.present) for q in questions]
    held = json.dumps([data, asdict(wishes), base], ensure_ascii=False)
    return hashlib.sha256(held.encode()).hexdigest()


def _kept(
    judged: JudgedSet, wishes: TuningWishes, found: Tuning, work: TuningParts,
    parts: list[fitting.TuningPart],
) -> TunedVersion:  # fmt: skip
    settings = judged.library.settings
    name = wishes.base or default_base(settings)
    version = TunedVersion(
        base=Path(name).name if names_folder(name) else name,
        name=judged.name,
        questions=found.questions,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        way=found.way,
        options={k: v for k, v in asdict(wishes).items() if k not in ("base", "sizes")},
        **trained.measured(found.held_out),
    )
    learned_from = work.examples(parts[-1])
    card = reports.card(version, found, learned_from)
    made = TunedVersions(settings).add(version, work.model, card)
    shutil.rmtree(settings.library / WORK, ignore_errors=True)
    return made


def outside(report: TuningReport) -> dict[str, Any]:
    """Return a report as JSON's own types, for other programs."""
    found = report.tuning
    return {
        **trained.outside(report.version, found, reports.worth(found), report.seconds),
        "reranker": report.version.reranker,
        "ways": {way: asdict(one) for way, one in found.ways.items()},
    }
