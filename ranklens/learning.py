"""Learn a reranker from a library's judgements, adopt it, and go back.

Learning changes nothing. A version ranks once it is adopted (`auto` takes it then), and only one
whose gain on questions that it was not learned from is shown can be.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING, Any

from rag.errors import NotThere, RanklensError
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
from ranklens import policy

if TYPE_CHECKING:
    from ranklens.library import Library
    from ranklens.measuring import JudgedSet

__all__ = [
    "LearnedWeights", "LearningReport", "adopt", "adopted", "back", "can_weigh", "learn",
    "versions",
]  # fmt: skip


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
) -> LearningReport:
    """Learn from a judged set and keep the version in its library; nothing else is changed.

    ``options`` are the settings in which the pipeline that it is compared with differs from the
    library's. ``others`` are rerankers of this machine whose scores are weighed too. Raises
    `RanklensError` if one of them cannot be, or if too few questions are judged, and `Interrupted`
    once ``stop`` is set.
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
    held = found.held_out
    version = LearnedVersions(judged.library.settings).add(
        LearnedWeights(
            weights=found.weights,
            name=judged.name,
            questions=found.questions,
            made=datetime.now(UTC).isoformat(timespec="seconds"),
            gain=(held.interval.mean, held.interval.low, held.interval.high),
            shown=held.shown and held.interval.mean > 0,
            others=further,
        )
    )
    return LearningReport(version, found, time.perf_counter() - started)


def versions(library: Library) -> list[LearnedWeights]:
    """Return the versions that a library keeps, oldest first."""
    policy.require(library.visitor, "pipelines")
    return LearnedVersions(library.settings).all()


def adopted(library: Library) -> LearnedWeights | None:
    """Return the version that ranks if the reranker is `auto` or `learned`."""
    return LearnedVersions(library.settings).adopted()


def adopt(library: Library, number: int | None = None) -> LearnedWeights:
    """Have a version rank, the newest without a number.

    Raises `NotThere`, and `RanklensError` if cross-validation showed no gain of it.
    """
    policy.require(library.visitor, "pipelines")
    held = LearnedVersions(library.settings)
    if number is None and not held.all():
        raise NotThere("nothing has been learned here yet; `ranklens learn SET` does")
    chosen = held.all()[-1] if number is None else held.version(number)
    if not chosen.shown:
        mean, low, high = chosen.gain
        raise RanklensError(
            f"version {chosen.version} is not adopted: no gain was shown on questions that it was "
            f"not learned from ({mean:+.3f}, 95 % interval {low:+.3f} to {high:+.3f})"
        )
    found = held.adopt(chosen.version)
    library.note("adopted the learned reranker", f"version {chosen.version}")
    return found


def back(library: Library) -> LearnedWeights | None:
    """Take the last adoption back; return the version that ranks now, None for no version.

    Raises `NotThere` if none is in use.
    """
    policy.require(library.visitor, "pipelines")
    found = LearnedVersions(library.settings).back()
    library.note("took back the learned reranker", f"now {found.version if found else 'none'}")
    return found


def can_weigh(settings: Settings, one: Availability) -> bool:
    """Return whether a reranker's score can be among the features of a learned one."""
    parts = leaves(resolve(one.name))
    learned = {entry.name.partition(":")[0] for entry in parts} & {*FROM_JUDGEMENTS}
    return not (one.reason or learned or one.name == "none" or any(e.remote for e in parts))


def outside(report: LearningReport) -> dict[str, Any]:
    """Return a report as JSON's own types, for other programs."""
    return {
        "version": asdict(report.version),
        "held_out": asdict(report.learning.held_out),
        "curve": [asdict(point) for point in report.learning.curve],
        "worth": reports.worth(report.learning),
        "warning": reports.few(report.learning.questions).strip(),
        "seconds": report.seconds,
    }
