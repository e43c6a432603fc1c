"""Learn a reranker's weights from a library's judgements; `ranklens.trained` adopts them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING, Any

from rag.evaluate.fitting import learned as fitting
from rag.evaluate.fitting.learned import Learning
from rag.evaluate.fitting.pools import FROM_JUDGEMENTS
from rag.evaluate.progress import advance
from rag.evaluate.reports import learned as reports
from rag.evaluate.reports.fitted import FittedPart
from rag.rerank.base import leaves
from rag.rerank.learned import LearnedVersions, LearnedWeights
from rag.rerank.table import Availability, resolve
from rag.settings import Settings
from ranklens import trained
from ranklens.trained import TrainedKind

if TYPE_CHECKING:
    from ranklens.judged_sets import JudgedSet

__all__ = [
    "LearnedWeights", "LearningReport", "adopt", "adopted", "back", "can_weigh", "learn",
    "versions",
]  # fmt: skip


KIND = TrainedKind("learned", "learn", "learned from", LearnedVersions)
versions, adopted, adopt, back = KIND.versions, KIND.adopted, KIND.adopt, KIND.back


@dataclass(frozen=True, slots=True)
class LearningReport:
    """A version that was learned, what cross-validation shows of it, and how long it all took."""

    version: LearnedWeights
    learning: Learning
    seconds: float

    def summary(self) -> list[FittedPart]:
        """Describe it in words and tables."""
        return reports.described(self.learning, self.version.version)


def learn(
    judged: JudgedSet,
    options: Mapping[str, Any],
    *,
    others: Sequence[str] = (),
    on_progress: Callable[[int, int, str], None] | None = None,
    stop: Event | None = None,
    before_keeping: Callable[[], None] = lambda: None,
) -> LearningReport:
    """Learn from a judged set and keep the version in its library; nothing else is changed.

    ``options`` are the settings in which the pipeline that it is compared with differs from the
    library's. ``others`` are rerankers of this machine whose scores are weighed too. Raises
    `RanklensError` if one of them cannot be, or if too few questions are judged, and `Interrupted`
    once ``stop`` is set. What ``before_keeping`` raises keeps the version from being kept.
    """
    started = time.perf_counter()
    pipeline = judged.pipeline.with_settings(**options)

    def counter(total: int, unit: str) -> Callable[[int], None]:
        shown = (lambda done, of: on_progress(done, of, unit)) if on_progress else None
        return lambda done: advance(done, total, unit, shown, stop)

    questions, further = judged.judged, fitting.usable_features(pipeline, others)
    pools = fitting.judged_pools(
        pipeline, questions, judged.grades, judged.unit, counter(len(questions), "questions"),
        tuple(further),
    )  # fmt: skip
    found = fitting.learn(pools, judged.grades, counter(fitting.FOLDS + 1, "parts"))
    before_keeping()
    version = LearnedVersions(judged.library.settings).add(
        LearnedWeights(
            weights=found.weights,
            name=judged.name,
            questions=found.questions,
            made=datetime.now(UTC).isoformat(timespec="seconds"),
            others=further,
            **trained.measured(found.held_out),
        )
    )
    return LearningReport(version, found, time.perf_counter() - started)


def can_weigh(settings: Settings, one: Availability) -> bool:
    """Return whether a reranker's score can be among the features of a learned one."""
    parts = leaves(resolve(one.name))
    learned = {entry.name.partition(":")[0] for entry in parts} & {*FROM_JUDGEMENTS}
    return not (one.reason or learned or one.name == "none" or any(e.remote for e in parts))


def outside(report: LearningReport) -> dict[str, Any]:
    """Return a report as JSON's own types, for other programs."""
    found = report.learning
    return trained.outside(report.version, found, reports.worth(found), report.seconds)
