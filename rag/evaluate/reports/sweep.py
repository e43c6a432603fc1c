"""A sweep as people read it: what does best and what it is worth, one table, one picture."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from markupsafe import Markup

from rag.evaluate.reports import charts
from rag.evaluate.reports.charts import IntervalRow, PipelineDot
from rag.evaluate.reports.rendering import TEMPLATES
from rag.evaluate.reports.tables import EvaluationTable, FigureCell
from rag.evaluate.reports.verdict import p_value
from rag.evaluate.sweeps.effects import FactorEffect
from rag.evaluate.sweeps.outcome import ConfigurationFigures, HeldOut, SweepOutcome
from rag.evaluate.sweeps.plan import SweptConfiguration
from rag.evaluate.sweeps.quality import EVIDENCE, FOUND, MEANINGS
from rag.llm.prices import dollars
from rag.text.labels import duration
from rag.text.plural import plural
from rag.types import Scalar

PRESENT = "present"


@dataclass(frozen=True, slots=True)
class SweepSummary:
    """A sweep in the order in which it is read.

    ``lines`` are those of ranklens.toml that the best other index needs, empty if none is better.
    ``charts`` is title → HTML.
    """

    headline: str
    about: str
    sentences: tuple[str, ...]
    lines: str
    tables: tuple[EvaluationTable, ...]
    charts: tuple[tuple[str, Markup], ...]


def summarise(found: SweepOutcome) -> SweepSummary:
    """Return what people read of a sweep."""
    plan = found.plan
    about = (
        f"{plan.name}: {plural(len(plan.configurations), 'configuration')}, "
        f"{plural(len(plan.choosing), 'question')} to choose by and {len(plan.testing)} that "
        f"choose nothing; {_rounds(found)}"
    )
    return SweepSummary(
        headline=_headline(found),
        about=about,
        sentences=tuple(_sentences(found)),
        lines=as_toml(found.winner.values) if _wants_index(found) else "",
        tables=(table(found), *([_effect_table(found)] if found.effects else [])),
        charts=tuple(_charts(found)),
    )


def html(found: SweepOutcome) -> str:
    """Return a sweep as one HTML page that needs no network and no script."""
    return TEMPLATES.render("sweep.html", summary=summarise(found))


def worth_of(found: SweepOutcome, one: SweptConfiguration) -> str:
    """Return what a configuration is worth on the questions that chose nothing, in a sentence."""
    tested = next((held for held in found.held_out if held.configuration == one), None)
    if tested is None:
        return f"the present options: no other did better in the sweep {found.id}"
    return (
        f"{found.plan.measure} {tested.mean:.3f} (before {tested.present:.3f}), held out: "
        f"{tested.difference.verdict} (sweep {found.id})"
    )


def as_toml(options: Mapping[str, Scalar]) -> str:
    """Return options as lines of ranklens.toml; one that is not set has no line."""
    given = {name: value for name, value in options.items() if value is not None}
    return "\n".join(f"{name} = {json.dumps(value)}" for name, value in given.items())


def outside(found: SweepOutcome) -> dict[str, Any]:
    """Return a sweep as JSON's own types, for other programs."""
    plan = found.plan
    return {
        "id": found.id,
        "name": plan.name,
        "method": plan.method,
        "measure": plan.measure,
        "factors": {name: list(values) for name, values in plan.factors.items()},
        "questions": {"choosing": len(plan.choosing), "testing": len(plan.testing)},
        "headline": _headline(found),
        "sentences": list(_sentences(found)),
        "present": dict(found.present.values),
        "winner": dict(found.winner.values),
        "winner_of_present_index": dict(found.here.values),
        "saved_as": found.end.saved_as,
        "out_of_time": found.end.out_of_time,
        "skipped": dict(found.end.skipped),
        "rounds": [
            {"questions": len(one.questions), "configurations": len(one.configurations)}
            for one in found.end.rounds
        ],
        "held_out": [_held_out(one) for one in found.held_out],
        "configurations": [_line(one) for one in found.figures],
        "effects": [asdict(one) for one in found.effects],
    }


def table(found: SweepOutcome) -> EvaluationTable:
    """Return every configuration, best first, with what it was measured on."""
    columns = ("", found.plan.measure, *_others(found), "p50", "p95", "1,000 questions",
               "Text given", "Questions", "Fell back")  # fmt: skip
    rows = tuple((_marked(found, one), tuple(_cells(found, one))) for one in found.figures)
    hints = {**MEANINGS, "Text given": "characters that the answer is given",
             "Questions": "that it was asked; in a halving the best are asked more"}  # fmt: skip
    return EvaluationTable(columns, rows, "Every configuration", hints=hints)


def _others(found: SweepOutcome) -> list[str]:
    return [name for name in (FOUND, EVIDENCE) if name != found.plan.measure]


def _marked(found: SweepOutcome, one: ConfigurationFigures) -> str:
    marks = {PRESENT: found.present, "best": found.winner, "best of this index": found.here}
    words = [word for word, which in marks.items() if which == one.configuration]
    if found.winner == found.here and "best" in words:
        words.remove("best of this index")
    return f"{one.configuration.name} ({', '.join(words)})" if words else one.configuration.name


def _cells(found: SweepOutcome, one: ConfigurationFigures) -> Iterator[FigureCell]:
    held = one.quality
    yield FigureCell(f"{held.mean:.3f}", f"{held.low:.3f} to {held.high:.3f}")
    for other in _others(found):
        yield FigureCell(f"{one.evidence if other == EVIDENCE else one.found:.3f}")
    yield FigureCell(duration(one.p50))
    yield FigureCell(duration(one.p95))
    yield FigureCell(dollars(None if one.cost is None else 1000 * one.cost))
    yield FigureCell(f"{one.characters:,.0f}")
    yield FigureCell(str(one.questions))
    yield FigureCell(str(one.problems), one.problem[:80])


def _headline(found: SweepOutcome) -> str:
    if found.winner == found.present:
        return "No configuration did better than the present one."
    tested = next((h for h in found.held_out if h.configuration == found.winner), None)
    if tested is None:
        return f"{found.winner.name} did best; it could not be tested on other questions."
    held = tested.difference
    if held.shown and held.interval.mean > 0:
        return f"{found.winner.name} is better than the present configuration: a clear gain."
    if held.interval.mean <= 0:
        return (
            f"{found.winner.name} did best on the half that chose, no better on the other: keep "
            "the present configuration."
        )
    return f"{found.winner.name} did best; that it is better than the present one is not shown."


def _sentences(found: SweepOutcome) -> Iterator[str]:
    for one in found.held_out:
        held = one.difference
        yield (
            f"{one.configuration.name}: {found.plan.measure} {one.mean:.3f}, the present one "
            f"{one.present:.3f}, on questions that chose nothing: {held.verdict} "
            f"(p {p_value(held.adjusted)}); p95 {duration(one.p95)}, the present one "
            f"{duration(one.p95_present)}"
        )
    if _wants_index(found):
        yield (
            "The best one needs another index: put these lines into ranklens.toml, then run "
            "`ranklens reindex`. The best of the present index can be saved as a pipeline."
        )
    if found.end.saved_as:
        yield f"The best of the present index is saved as the pipeline {found.end.saved_as!r}."
    if found.end.out_of_time:
        yield "The time was over before all rounds were; chosen is among what was measured."
    for options, reason in found.end.skipped.items():
        yield f"Not measured: {options}: {reason}"
    yield from found.end.notes
    measured = {one.configuration.key for one in found.figures}
    left = sum(c.key not in measured for c in found.plan.configurations)
    if left and not found.end.skipped:
        yield f"{plural(left, 'configuration was', 'configurations were')} not reached."


def _wants_index(found: SweepOutcome) -> bool:
    """Whether the best one needs another index and did better on the other half too."""
    tested = next((h for h in found.held_out if h.configuration == found.winner), None)
    return found.winner != found.here and tested is not None and tested.difference.interval.mean > 0


def _rounds(found: SweepOutcome) -> str:
    if found.plan.method == "grid":
        return "every question of every configuration"
    rounds = [
        f"{len(one.configurations)} by {plural(len(one.questions), 'question')}"
        for one in found.end.rounds
    ]
    return f"halving: {', then '.join(rounds)}"


def _effect_table(found: SweepOutcome) -> EvaluationTable:
    asked = plural(len(found.end.rounds[0].questions), "question")
    columns = (
        "Change",
        f"Change in {found.plan.measure}",
        "p, corrected",
        "Change in time",
        "Pairs",
    )
    rows = tuple((_changed(one), tuple(_effect_cells(one))) for one in found.effects)
    hints = {
        "Pairs": "configurations that differ in this alone, averaged for each question",
        "Change in time": "configurations of one index are asked in turns; another index is asked "
        "later, so for its options what else the machine did counts too",
    }
    return EvaluationTable(columns, rows, f"Effect of each factor, {asked}", hints=hints)


def _changed(one: FactorEffect) -> str:
    return f"{one.factor}: {one.base} → {one.value}"


def _effect_cells(one: FactorEffect) -> Iterator[FigureCell]:
    held = one.quality.interval
    yield FigureCell(f"{held.mean:+.3f}", f"{held.low:+.3f} to {held.high:+.3f}")
    yield FigureCell(p_value(one.quality.adjusted).removeprefix("= "))
    slower = one.seconds
    yield FigureCell(f"{1000 * slower.mean:+.1f} ms",
                     f"{1000 * slower.low:+.1f} to {1000 * slower.high:+.1f}")  # fmt: skip
    yield FigureCell(str(one.pairs))


def _charts(found: SweepOutcome) -> Iterator[tuple[str, Markup]]:
    dots = [
        PipelineDot(_marked(found, one), one.p95, one.quality.mean, one.cost)
        for one in found.figures
        if not one.fails
    ]
    title = "Quality, time and cost: the Pareto front is filled"
    yield title, charts.quality_by_time(dots, found.plan.measure, "95 %", key=len(dots) <= 12)
    if found.effects:
        rows = [
            IntervalRow(_changed(one), one.quality.interval, one.quality.shown)
            for one in found.effects
        ]
        yield f"Effect of each factor on {found.plan.measure}", charts.gains(rows)


def _line(one: ConfigurationFigures) -> dict[str, Any]:
    return {
        "options": dict(one.configuration.values),
        "questions": one.questions,
        "quality": asdict(one.quality),
        FOUND: one.found,
        EVIDENCE: one.evidence,
        "seconds": {"p50": one.p50, "p95": one.p95},
        "cost_usd": one.cost,
        "characters": one.characters,
        "fell_back": one.problems,
        "problem": one.problem,
    }


def _held_out(one: HeldOut) -> dict[str, Any]:
    return {
        "options": dict(one.configuration.values),
        "present": one.present,
        "mean": one.mean,
        "difference": asdict(one.difference),
        "seconds": {"p95": one.p95, "p95_present": one.p95_present},
    }
