"""Sweeping: which chunks, encoder and ranking options do best here, and what they are worth.

Half of the judged questions choose. What was chosen is measured on the other half, which is never
used for choosing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, product
from threading import Event
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from rag.errors import ModelError, NotThere, RanklensError, SettingsError
from rag.evaluate.data import Question
from rag.evaluate.experiments import pipelines
from rag.evaluate.progress import Interrupted
from rag.evaluate.reports import sweep as reports
from rag.evaluate.reports.sweep import html, outside, summarise
from rag.evaluate.sweeps import halving, kept, quality
from rag.evaluate.sweeps.kept import SweepState, SweptQuestion
from rag.evaluate.sweeps.outcome import (
    RoundDone,
    SweepEnd,
    SweepOutcome,
    chosen,
    outcome,
    value,
)
from rag.evaluate.sweeps.plan import (
    FEWEST,
    Method,
    SweepPlan,
    SweptConfiguration,
    digest,
    factors,
    halves,
    measured_by,
)
from rag.evaluate.sweeps.quality import EVIDENCE, FOUND
from rag.llm.prices import spent
from rag.settings import SHAPES_ANSWER, SHAPES_INDEX, SHAPES_RANKING
from rag.types import Trace
from ranklens import policy
from ranklens.comparing import keep_pipeline
from ranklens.models import AUTO, what_ranks
from ranklens.swept_indexes import IndexTooLarge, SweptIndexes

if TYPE_CHECKING:
    from rag.evaluate.judgements.spans import Spans
    from rag.pipeline import Pipeline
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

OnProgress = Callable[[int, int, str], None]
"""Called with (done, total, what is counted)."""
INDEX_MB = 2_000
# The scores of a reranker are not taken from the cache: times are those of new questions.
_NO_CACHE: Mapping[str, Any] = {"rerank_cache_mb": 0}


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
) -> SweepOutcome:
    """Measure configurations on judged questions, choose one, and measure that on others.

    A sweep of the same wishes that was stopped or killed goes on where it was, unless documents or
    judgements have changed. Raises `RanklensError` as `plan_of` does, and `Interrupted` once
    ``stop`` is set; nothing that was measured is lost then.
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
        end = _Sweeper(judged, plan, state, indexes, wishes.minutes, on_progress, stop).run()
        state.finish(end.as_json())
        indexes.remove()
    if wishes.save_as:
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


class _OutOfTime(Exception):
    """The time for choosing is over."""


@dataclass(slots=True)
class _Sweeper:
    """One run of a sweep: rounds of searches, each result kept at once."""

    judged: JudgedSet
    plan: SweepPlan
    state: SweepState
    indexes: SweptIndexes
    minutes: float | None
    on_progress: OnProgress | None
    stop: Event | None
    started: float = field(default_factory=time.monotonic)
    skipped: dict[str, str] = field(default_factory=dict)
    rounds: list[RoundDone] = field(default_factory=list)
    total: int = 0
    _spans: Spans = field(default_factory=dict)
    _texts: Mapping[str, Question] = field(default_factory=dict)

    def run(self) -> SweepEnd:
        """Choose within the time, then measure what was chosen on the other half."""
        self._spans = self.judged.spans
        self._texts = {question.id: question for question in self.judged.questions}
        planned = self._rounds()
        asked = 0
        for one in planned:
            self.total += one.configurations * (one.questions - asked)
            asked = one.questions
        out_of_time = False
        try:
            self._choose(planned)
        except _OutOfTime:
            out_of_time = True
        if not self.rounds:
            raise RanklensError(
                "the time was over before enough was measured to choose by; give it more minutes, "
                "and it goes on where it was"
            )
        self.minutes = None
        winner, here = chosen(self.plan, self.state, self.rounds)
        present = self.plan.configurations[0]
        tested = [c for c in self.plan.configurations if c in (present, winner, here)]
        if winner != present:
            self.total = len(self.state.results) + len(tested) * len(self.plan.testing)
            self._ask(tested, self.plan.testing)
        before = sum(result.seconds for result in self.state.results.values())
        return SweepEnd(
            tuple(self.rounds), max(before, time.monotonic() - self.started), self.skipped,
            out_of_time, notes=tuple(self._notes()),
        )  # fmt: skip

    def _rounds(self) -> list[halving.SweepRound]:
        count, questions = len(self.plan.configurations), len(self.plan.choosing)
        if self.plan.method == "grid":
            return [halving.SweepRound(count, questions)]
        return halving.rounds(count, questions)

    def _choose(self, planned: Sequence[halving.SweepRound]) -> None:
        among, present = self.plan.configurations, self.plan.configurations[0]
        for one, following in zip(planned, (*planned[1:], None), strict=True):
            questions = self.plan.choosing[: one.questions]
            try:
                self._ask(among, questions)
            except _OutOfTime:
                if not self.rounds and present not in self._end_round(among, questions):
                    self._end_early(among, questions)
                raise
            done = self._end_round(among, questions)
            if following:
                means = {c.key: self._mean(c, questions) for c in done}
                stay = halving.best(means, following.configurations, [present.key])
                among = [c for c in among if c.key in stay]

    def _end_round(
        self, among: Sequence[SweptConfiguration], questions: tuple[str, ...]
    ) -> list[SweptConfiguration]:
        """Note and return which configurations were asked all questions."""
        done = [one for one in among if self._asked(one, questions)]
        if self.plan.configurations[0] in done:
            self.rounds.append(RoundDone(questions, tuple(one.key for one in done)))
        return done

    def _end_early(self, among: Sequence[SweptConfiguration], questions: tuple[str, ...]) -> None:
        """Note the questions that all configurations were asked which were asked any."""
        some = [one for one in among if self.state.of(one.key)]
        shared = tuple(q for q in questions if all(self._asked(one, [q]) for one in some))
        if some and len(shared) >= FEWEST:
            self.rounds.append(RoundDone(shared, tuple(one.key for one in some)))

    def _ask(self, among: Sequence[SweptConfiguration], questions: Sequence[str]) -> None:
        """Ask every configuration what it has not been asked, index by index."""
        for _, some in groupby(among, key=lambda one: one.index):
            waiting = [one for one in some if not self._asked(one, questions)]
            if not waiting or _named(waiting[0]) in self.skipped:
                continue
            try:
                with self.indexes.opened(waiting[0].index, self._indexed, self.stop) as pipeline:
                    self._ask_each(waiting, pipeline, questions)
            except (IndexTooLarge, ModelError) as error:
                self.skipped[_named(waiting[0])] = str(error)

    def _ask_each(
        self, some: Sequence[SweptConfiguration], pipeline: Pipeline, questions: Sequence[str]
    ) -> None:
        """Ask one question after the other of all, so that a busy moment slows all of them."""
        made = {one.key: pipeline.with_settings(**one.ranking, **_NO_CACHE) for one in some}
        self._show()
        for asked in made.values():
            _warm_up(asked, self._texts[questions[0]].text)
        for question, one in product(questions, some):
            if (one.key, question) in self.state.results:
                continue
            self._go_on()
            text, spans = self._texts[question].text, self._spans[question]
            self.state.add(one.key, question, _measured(made[one.key], text, spans))
            self._show()

    def _go_on(self) -> None:
        """Raise if the sweep is to stop, or the time is over."""
        if self.stop is not None and self.stop.is_set():
            raise Interrupted("stopped; the same sweep goes on where it was")
        if self.minutes is not None and time.monotonic() - self.started > 60 * self.minutes:
            raise _OutOfTime

    def _indexed(self, done: int, total: int) -> None:
        if self.on_progress:
            self.on_progress(done, total, "documents of another index")

    def _show(self) -> None:
        if self.on_progress:
            done = len(self.state.results)
            self.on_progress(done, max(self.total, done), "searches")

    def _asked(self, one: SweptConfiguration, questions: Sequence[str]) -> bool:
        return all((one.key, q) in self.state.results for q in questions)

    def _mean(self, one: SweptConfiguration, questions: Sequence[str]) -> float:
        results = (self.state.results[one.key, q] for q in questions)
        return float(np.mean([value(self.plan.measure, result) for result in results]))

    def _notes(self) -> Iterator[str]:
        settings = self.judged.library.settings
        if AUTO in self.plan.factors.get("reranker", ()):
            yield f"reranker={AUTO} is {what_ranks(settings, AUTO)} here."
        if settings.context_headers and any(c.index for c in self.plan.configurations):
            yield (
                "sentences that a language model wrote for chunks (context_headers) are in the "
                "present index only."
            )


def _named(one: SweptConfiguration) -> str:
    return SweptConfiguration(one.index).name


def _warm_up(pipeline: Pipeline, question: str) -> None:
    """Load the models first: their seconds belong to no question."""
    try:
        pipeline.search(f"Warm up: {question}")
    except SettingsError:
        raise
    except RanklensError:
        return  # the question proper has the failure


def _measured(pipeline: Pipeline, question: str, spans: Sequence[Any]) -> SweptQuestion:
    try:
        trace = pipeline.widen(pipeline.search(question))
    except SettingsError:
        raise
    except RanklensError as error:
        return SweptQuestion(0.0, 0.0, 0.0, 0, problem=str(error))
    return SweptQuestion(
        found=quality.found(trace.stages[-1].hits, spans),
        evidence=quality.evidence(trace, spans),
        seconds=trace.seconds,
        characters=quality.characters(trace),
        cost=spent(stage.details for stage in trace.stages),
        problem=_fell_back(trace),
    )


def _fell_back(trace: Trace) -> str:
    return next((stage.note for stage in trace.stages if stage.fell_back), "")
