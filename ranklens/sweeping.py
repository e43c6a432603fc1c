"""Sweeping: which chunks, encoder and ranking options do best here, and what they are worth.

Half of the judged questions choose. What was chosen is measured on the other half, which is never
used for choosing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Event
from typing import TYPE_CHECKING, Any, Literal, get_args

from rag.errors import NotThere, SettingsError
from rag.evaluate.experiments import pipelines
from rag.evaluate.reports import sweep as reports
from rag.evaluate.reports.sweep import html, outside, summarise
from rag.evaluate.sweeps import kept
from rag.evaluate.sweeps.kept import SweepState
from rag.evaluate.sweeps.outcome import SweepEnd, SweepOutcome, outcome
from rag.evaluate.sweeps.plan import Method, SweepPlan, digest, factors, halves, measured_by
from rag.evaluate.sweeps.quality import EVIDENCE, FOUND
from rag.settings import SHAPES_ANSWER, SHAPES_INDEX, SHAPES_RANKING
from ranklens import policy
from ranklens.comparing import keep_pipeline
from ranklens.sweep_runner import OnProgress, SweepRunner
from ranklens.swept_indexes import SweptIndexes

if TYPE_CHECKING:
    from ranklens.judged_sets import JudgedSet
    from ranklens.library import Library

__all__ = [
    "EVIDENCE",
    "FOUND",
    "Method",
    "SweepOutcome",
    "SweepWishes",
    "forget",
    "html",
    "last",
    "of_id",
    "outside",
    "save",
    "summarise",
    "sweep",
]

INDEX_MB = 2_000


@dataclass(frozen=True, slots=True)
class SweepWishes:
    """What is to be tried.

    ``tried`` is option → values. ``minutes`` is the time for choosing (of this run, if it goes on
    with an earlier one). ``index_mb`` is what the indexes of other chunkings may take together.
    ``save_as`` names the pipeline that the best options of the present index are saved as.
    ``again`` measures anew what is measured already.
    """

    tried: Mapping[str, Sequence[Any]]
    method: Method = "halving"
    measure: Literal["auto", "found@10k", "evidence"] = "auto"
    minutes: float | None = None
    index_mb: int = INDEX_MB
    save_as: str = ""
    again: bool = False

    def __post_init__(self) -> None:
        """Raise `SettingsError` for wishes that cannot be kept: they may come from a file."""
        if self.method not in get_args(Method):
            raise SettingsError(f"the method is {' or '.join(get_args(Method))}")
        if self.measure not in ("auto", FOUND, EVIDENCE):
            raise SettingsError(f"the measure is auto, {FOUND} or {EVIDENCE}")
        if self.minutes is not None and not (_number(self.minutes) and self.minutes > 0):
            raise SettingsError("the minutes of a sweep are a number above 0")
        if not _number(self.index_mb) or self.index_mb < 1:
            raise SettingsError("the room for indexes is a number of MB, from 1 on")
        if not isinstance(self.save_as, str):
            raise SettingsError("save_as is the name of a pipeline")


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def plan_of(judged: JudgedSet, wishes: SweepWishes, *, owner: bool = False) -> SweepPlan:
    """Return what a sweep is to measure.

    ``owner``: whoever asks may set every option. Raises `SettingsError` if something cannot be
    tried, and `RanklensError` if too few questions are judged.
    """
    settings = judged.library.settings
    found = factors(settings, wishes.tried, owner=owner)
    if wishes.save_as:
        pipelines.check_name(wishes.save_as)
    spans = judged.spans
    choosing, testing = halves([q for q in judged.questions if spans.get(q.id)])
    documents = [(one.name, one.digest) for one in judged.library.index.catalogue.ready()]
    shaping = settings.shaping(SHAPES_INDEX, SHAPES_RANKING, SHAPES_ANSWER)
    base = {name: v for name, v in shaping.items() if name not in found}
    spanned = {key: [(s.document, s.start, s.end, s.grade) for s in spans[key]] for key in spans}
    about = {"documents": digest(sorted(documents)), "spans": digest(spanned)}
    return SweepPlan(
        name=judged.name,
        factors=found,
        choosing=tuple(choosing),
        testing=tuple(testing),
        method=wishes.method,
        measure=measured_by(found, wishes.measure),
        base={**base, **about, "collection": judged.collection},
    )


def sweep(
    judged: JudgedSet,
    wishes: SweepWishes,
    *,
    owner: bool = False,
    on_progress: OnProgress | None = None,
    stop: Event | None = None,
    before_keeping: Callable[[], None] = lambda: None,
) -> SweepOutcome:
    """Measure configurations on judged questions, choose one, and measure that on others.

    A sweep of the same wishes that was stopped or killed goes on where it was, unless documents or
    judgements have changed. Raises `RanklensError` as `plan_of` does, and `Interrupted` once
    ``stop`` is set; nothing that was measured is lost then. What ``before_keeping`` raises keeps
    the pipeline from being saved.
    """
    library = judged.library
    policy.require(library.visitor, "pipelines")
    plan = plan_of(judged, wishes, owner=owner)
    state = SweepState.begin(library.settings.library, plan)
    if wishes.again:
        state.forget()
        state = SweepState.begin(library.settings.library, plan)
    _drop_other_indexes(library, state)
    if state.report is None:
        indexes = SweptIndexes(judged, state.folder, wishes.index_mb)
        end = SweepRunner(judged, plan, state, indexes, wishes.minutes, on_progress, stop).run()
        state.finish(end.as_json())
        indexes.remove()
    if wishes.save_as:
        before_keeping()
        save(library, state.key, wishes.save_as)
    return _outcome(state)


def last(library: Library, name: str) -> SweepOutcome | None:
    """Return the newest finished sweep of a question set, None if there is none to be seen."""
    if not policy.may(library.visitor, "pipelines"):
        return None
    for state in kept.kept(library.settings.library):
        if state.report is not None and state.plan.name == name:
            return _outcome(state)
    return None


def of_id(library: Library, key: str) -> SweepOutcome:
    """Return a finished sweep; raises `NotThere`."""
    policy.require(library.visitor, "pipelines")
    state = kept.of_id(library.settings.library, key)
    if state.report is None:
        raise NotThere(f"the sweep {key!r} is not finished; start it again, and it goes on")
    return _outcome(state)


def forget(library: Library, key: str) -> None:
    """Delete a sweep with its results and indexes; raises `NotThere`."""
    policy.require(library.visitor, "pipelines")
    kept.of_id(library.settings.library, key).forget()


def save(library: Library, key: str, name: str) -> None:
    """Save a sweep's best options of the present index as a pipeline, with its held-out figure.

    Raises `NotThere`, or `SettingsError` if the name is wrong.
    """
    found = of_id(library, key)
    note = reports.worth_of(found, found.here)
    keep_pipeline(library, name, found.here.ranking, note)
    end = replace(found.end, saved_as=name)
    kept.of_id(library.settings.library, key).finish(end.as_json())


def _outcome(state: SweepState) -> SweepOutcome:
    return outcome(state, state.plan, SweepEnd.from_json(state.report or {}))


def _drop_other_indexes(library: Library, state: SweepState) -> None:
    """Delete the indexes of sweeps that were given up: results stay, and the room is free."""
    for other in kept.kept(library.settings.library):
        if other.key != state.key:
            SweptIndexes.remove_from(other.folder)
