"""One run of a sweep: rounds of searches, each result kept at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, product
from threading import Event
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.errors import ModelError, RanklensError, SettingsError
from rag.evaluate.data import Question
from rag.evaluate.experiments.run import warm_up
from rag.evaluate.progress import Interrupted
from rag.evaluate.sweeps import halving, quality
from rag.evaluate.sweeps.kept import SweepState, SweptQuestion
from rag.evaluate.sweeps.outcome import RoundDone, SweepEnd, chosen, value
from rag.evaluate.sweeps.plan import FEWEST, SweepPlan, SweptConfiguration
from rag.llm.prices import spent
from rag.types import Trace
from ranklens.models import AUTO, what_ranks
from ranklens.swept_indexes import IndexTooLarge, SweptIndexes

if TYPE_CHECKING:
    from rag.evaluate.judgements.spans import Spans
    from rag.pipeline import Pipeline
    from ranklens.judged_sets import JudgedSet

OnProgress = Callable[[int, int, str], None]
"""Called with (done, total, what is counted)."""
# The scores of a reranker are not taken from the cache: times are those of new questions.
_NO_CACHE: Mapping[str, Any] = {"rerank_cache_mb": 0}


class _OutOfTime(Exception):
    """The time for choosing is over."""


@dataclass(slots=True)
class SweepRunner:
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
        out_of_time = self._choose_in_time()
        self.minutes = None
        self._test()
        before = sum(result.seconds for result in self.state.results.values())
        return SweepEnd(
            tuple(self.rounds), max(before, time.monotonic() - self.started), self.skipped,
            out_of_time, notes=tuple(self._notes()),
        )  # fmt: skip

    def _choose_in_time(self) -> bool:
        """Measure what the choice stands on; return whether the time was over before the end."""
        planned = self._rounds()
        asked = (0, *(one.questions for one in planned))
        self.total = sum(
            one.configurations * (one.questions - before)
            for one, before in zip(planned, asked, strict=False)
        )
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
        return out_of_time

    def _test(self) -> None:
        """Ask the present configuration and the best ones the questions that chose nothing."""
        present = self.plan.configurations[0]
        best = chosen(self.plan, self.state, self.rounds)
        if best[0] == present:
            return
        tested = [one for one in self.plan.configurations if one in (present, *best)]
        self.total = len(self.state.results) + len(tested) * len(self.plan.testing)
        self._ask(tested, self.plan.testing)

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
            warm_up(asked, self._texts[questions[0]].text)
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
