"""What a sweep found: a line for each configuration, the effects, the winner, and its worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from rag.evaluate.data import total
from rag.evaluate.measures.statistics import Difference, Interval, compare, interval
from rag.evaluate.sweeps.effects import FactorEffect, effects
from rag.evaluate.sweeps.kept import SweepState, SweptQuestion
from rag.evaluate.sweeps.plan import SweepPlan, SweptConfiguration
from rag.evaluate.sweeps.quality import EVIDENCE

MOSTLY = 0.5  # share of questions with a problem from which on a configuration cannot win


@dataclass(frozen=True, slots=True)
class RoundDone:
    """A round that is over: its questions, and the configurations that all of them were asked."""

    questions: tuple[str, ...]
    configurations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SweepEnd:
    """How a sweep ended. ``seconds`` is the time of all its runs together.

    ``skipped`` is index options → why these configurations were not measured. ``out_of_time``: the
    budget was over before all rounds were. ``saved_as`` is the pipeline that was saved.
    """

    rounds: tuple[RoundDone, ...]
    seconds: float
    skipped: Mapping[str, str] = field(default_factory=dict)
    out_of_time: bool = False
    saved_as: str = ""
    notes: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SweepEnd:
        """Return an end that was written as JSON."""
        rounds = tuple(
            RoundDone(tuple(one["questions"]), tuple(one["configurations"]))
            for one in data["rounds"]
        )
        return cls(**{**data, "rounds": rounds, "notes": tuple(data["notes"])})

    def as_json(self) -> dict[str, Any]:
        """Return JSON's own types."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ConfigurationFigures:
    """A configuration over the choosing questions that it was asked.

    ``quality`` is the measure that chooses; ``found`` and ``evidence`` are the means of both.
    ``p50`` and ``p95`` are a search's seconds, ``cost`` a question's mean dollars (None: not
    known), ``characters`` the text that an answer is given. ``problems`` counts questions that
    failed or fell back; ``problem`` is the first reason.
    """

    configuration: SweptConfiguration
    questions: int
    quality: Interval
    found: float
    evidence: float
    p50: float
    p95: float
    cost: float | None
    characters: float
    problems: int
    problem: str

    @property
    def fails(self) -> bool:
        """Whether it failed or fell back too often to be chosen."""
        return self.problems > MOSTLY * self.questions


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A configuration against the present one on the questions that chose nothing."""

    configuration: SweptConfiguration
    present: float
    mean: float
    difference: Difference
    p95_present: float
    p95: float


@dataclass(frozen=True, slots=True)
class SweepOutcome:
    """All that a sweep found; ``figures`` come best first, those of the last round before others.

    ``winner`` is the best of all, ``here`` the best that needs no other index; either may be the
    ``present`` one.
    """

    id: str
    plan: SweepPlan
    end: SweepEnd
    figures: tuple[ConfigurationFigures, ...]
    effects: tuple[FactorEffect, ...]
    present: SweptConfiguration
    winner: SweptConfiguration
    here: SweptConfiguration
    held_out: tuple[HeldOut, ...]

    def figures_of(self, configuration: SweptConfiguration) -> ConfigurationFigures:
        """Return the line of a configuration; raises `KeyError`."""
        for one in self.figures:
            if one.configuration == configuration:
                return one
        raise KeyError(configuration.name)


def chosen(
    plan: SweepPlan, state: SweepState, done: Sequence[RoundDone]
) -> tuple[SweptConfiguration, SweptConfiguration]:
    """Return the best configuration of the last round, and the best of the present index.

    Of equal ones the present one is taken, then the faster one.
    """
    present, last = plan.configurations[0], done[-1]
    among = [c for c in plan.configurations if c.key in last.configurations]
    lines = [_figures(plan, state, one, last.questions) for one in among]

    def best(some: Sequence[ConfigurationFigures]) -> SweptConfiguration:
        able = [one for one in some if not one.fails]
        if not able:
            return present
        return max(
            able,
            key=lambda one: (round(one.quality.mean, 9), one.configuration == present, -one.p95),
        ).configuration

    same = [one for one in lines if one.configuration.index == present.index]
    return best(lines), best(same)


def outcome(state: SweepState, plan: SweepPlan, end: SweepEnd) -> SweepOutcome:
    """Work out what a finished sweep found from its results; always the same for the same ones."""
    configurations, first = plan.configurations, end.rounds[0]
    winner, here = chosen(plan, state, end.rounds)
    place = {key: at for at, one in enumerate(end.rounds) for key in one.configurations}
    lines = [
        _figures(plan, state, one, [q for q in plan.choosing if (one.key, q) in state.results])
        for one in configurations
        if one.key in place
    ]
    lines.sort(key=lambda one: (-place[one.configuration.key], -one.quality.mean, one.p95))
    quality = {one.key: _values(plan, state.of(one.key)) for one in configurations}
    seconds = {
        one.key: {q: result.seconds for q, result in state.of(one.key).items()}
        for one in configurations
    }
    return SweepOutcome(
        id=state.key,
        plan=plan,
        end=end,
        figures=tuple(lines),
        effects=tuple(effects(configurations, plan.factors, quality, seconds, first.questions)),
        present=configurations[0],
        winner=winner,
        here=here,
        held_out=tuple(_held_out(plan, state, [winner, here])),
    )


def value(measure: str, result: SweptQuestion) -> float:
    """Return the measure of a question."""
    return result.evidence if measure == EVIDENCE else result.found


def _values(plan: SweepPlan, results: Mapping[str, SweptQuestion]) -> dict[str, float]:
    return {q: value(plan.measure, result) for q, result in results.items()}


def _figures(
    plan: SweepPlan, state: SweepState, one: SweptConfiguration, questions: Sequence[str]
) -> ConfigurationFigures:
    results = [state.results[one.key, q] for q in questions]
    p50, p95 = np.percentile([result.seconds for result in results], (50, 95))
    costs = total(result.cost for result in results)
    problems = [result.problem for result in results if result.problem]
    return ConfigurationFigures(
        configuration=one,
        questions=len(results),
        quality=interval([value(plan.measure, result) for result in results]),
        found=float(np.mean([result.found for result in results])),
        evidence=float(np.mean([result.evidence for result in results])),
        p50=float(p50),
        p95=float(p95),
        cost=None if costs is None else costs / len(results),
        characters=float(np.mean([result.characters for result in results])),
        problems=len(problems),
        problem=next(iter(problems), ""),
    )


def _held_out(
    plan: SweepPlan, state: SweepState, some: Sequence[SweptConfiguration]
) -> list[HeldOut]:
    """Compare each with the present one; those equal to it, and those not tested, are out."""
    present = plan.configurations[0]
    before = _tested(plan, state, present)
    others = [c for c in some if c != present and len(_tested(plan, state, c)) == len(before)]
    tested = {one.key: one for one in others if before}
    after = {key: _tested(plan, state, one) for key, one in tested.items()}
    pairs = [(_values(plan, before), _values(plan, results)) for results in after.values()]
    return [
        HeldOut(
            configuration=tested[key],
            present=float(np.mean(list(old.values()))),
            mean=float(np.mean(list(new.values()))),
            difference=difference,
            p95_present=_p95(before),
            p95=_p95(after[key]),
        )
        for key, (old, new), difference in zip(after, pairs, compare(pairs), strict=True)
    ]


def _tested(
    plan: SweepPlan, state: SweepState, one: SweptConfiguration
) -> dict[str, SweptQuestion]:
    return {q: state.results[one.key, q] for q in plan.testing if (one.key, q) in state.results}


def _p95(results: Mapping[str, SweptQuestion]) -> float:
    return float(np.percentile([result.seconds for result in results.values()], 95))
