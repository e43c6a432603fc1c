"""The tables of an evaluation as rows, which page, report and command line all show."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from rag.evaluate.judgements.audit import AuditedFigure
from rag.evaluate.measures import answers
from rag.evaluate.measures.figures import Comparison, Figures, RunFigures, StageFigures
from rag.evaluate.measures.likeness import likeness
from rag.evaluate.measures.metrics import MEASURES, metric_label
from rag.evaluate.measures.statistics import Interval
from rag.evaluate.reports.verdict import p_value, pipeline_label, plain, verdict
from rag.llm.prices import dollars
from rag.text.labels import duration, stage_title
from rag.text.plural import plural

TIMES = {
    "Median": "time of the stage: half of the questions take less",
    "95 %": "time of the stage: 95 of 100 questions take less",
    "Questions": "ranked by the stage itself",
}


@dataclass(frozen=True, slots=True)
class FigureCell:
    """A figure, and in small type beside it its interval or what it leaves out."""

    text: str
    small: str = ""

    def __str__(self) -> str:
        return f"{self.text} ({self.small})" if self.small else self.text


@dataclass(frozen=True, slots=True)
class EvaluationTable:
    """Rows of figures, each under its name; a row may be shorter than ``columns``.

    The first column holds the names of the rows. ``hints`` is a column's or row's name → what it
    means in a line.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[FigureCell, ...]], ...]
    title: str = ""
    note: str = ""
    hints: Mapping[str, str] = field(default_factory=dict)

    def transposed(self) -> EvaluationTable:
        """Return the table with rows and columns exchanged, for a narrow place."""
        columns = ("", *(name for name, _ in self.rows))
        rows = [
            (name, tuple(row[at] if at < len(row) else FigureCell("") for _, row in self.rows))
            for at, name in enumerate(self.columns[1:])
        ]
        return EvaluationTable(columns, tuple(rows), self.title, self.note, self.hints)


def stage_tables(found: Figures) -> tuple[EvaluationTable, ...]:
    """Return every metric of every stage, a table a pipeline; all have the same columns."""
    labels = [metric_label(metric) for metric in found.measures]
    meanings = (MEASURES[metric.partition("@")[0]][3] for metric in found.measures)
    hints = dict(zip(labels, meanings, strict=True)) | TIMES
    columns = ("Stage", *labels, *TIMES)
    return tuple(
        EvaluationTable(
            columns, tuple(_stage_rows(one, found)), pipeline_label(one.run), _note(one), hints
        )
        for one in found.runs
    )


def comparison_table(found: Figures) -> EvaluationTable:
    """Return every comparison with its difference, corrected p, and wins, ties and losses."""
    metric = metric_label(found.measures[0])
    columns = ("Compared", f"Difference in {metric}", "p, corrected", "Better", "Alike", "Worse")
    rows = tuple(
        (f"{verdict(one, found).compared}: {one.difference.verdict}", tuple(_comparison_row(one)))
        for one in found.comparisons
    )
    return EvaluationTable(columns, rows, "Every comparison")


def audit_table(found: Figures) -> EvaluationTable | None:
    """Return the plain figures beside those by a model's grades; None without an audit."""
    if found.audit is None:
        return None
    label = {one.run.name: pipeline_label(one.run) for one in found.runs}
    rows = tuple(
        (
            f"{label[one.after]} against {label[one.before]}" if one.before else label[one.after],
            tuple(_audit_row(one, found)),
        )
        for one in found.audit.figures
    )
    hints = {
        "All judged": "the figure of this evaluation: by people's judgements, of all its questions",
        "By the model": "by its grades, of all questions that it graded",
        "By people": "of the random sample that they graded too",
        "Corrected": "both put together, with the 95 % interval (prediction-powered inference)",
    }
    title = "A model's grades, audited by people"
    return EvaluationTable((found.measures[0], *hints), rows, title, hints=hints)


def answer_table(found: Figures) -> EvaluationTable | None:
    """Return the measures of the answers, a column a pipeline; None without answers."""
    measured = [one for one in found.runs if one.answers]
    if not measured:
        return None
    names = {name: name[0].upper() + name[1:] for name in answers.MEASURES}
    return EvaluationTable(
        ("Measure", *(pipeline_label(one.run) for one in measured)),
        tuple(
            (title, tuple(interval_cell(one.answers[name]) for one in measured))
            for name, title in names.items()
        ),
        "Answers",
        hints={title: answers.MEASURES[name] for name, title in names.items()},
    )


def likeness_table(found: Figures) -> EvaluationTable | None:
    """Return how alike each pipeline's ranking is to the first one's; None with one pipeline."""
    first = found.runs[0].run
    rows = []
    for run in (one.run for one in found.runs[1:]):
        if one := likeness(first, run):
            tau = "–" if one.tau is None else f"{one.tau:.3f}"
            cells = (tau, f"{one.rbo:.3f}", f"{one.overlap:.0%}", "yes" if one.same_pool else "no")
            name = f"{pipeline_label(run)} and {pipeline_label(first)}"
            rows.append((name, tuple(map(FigureCell, cells))))
    hints = {
        "Kendall's tau": "of the items that both rank: 1 is one order, -1 the reverse",
        "Rank-biased overlap": "1 is alike, and the top counts most",
    }
    columns = ("Rankings", *hints, "First 10 shared", "Same candidates")
    title = "How alike the rankings are"
    return EvaluationTable(columns, tuple(rows), title, hints=hints) if rows else None


def warnings(found: Figures) -> Iterator[str]:
    """Yield which questions and answers are in no figure: fallen back, failed, broken off."""
    for one in found.runs:
        name = pipeline_label(one.run)
        for stage in one.stages.values():
            if stage.fell_back:
                count = plural(stage.fell_back, "question")
                yield f"{name}: {stage.name} fell back on {count}; they are not in its figures."
        if failed := one.run.failures:
            count, first = plural(len(failed), "question"), next(iter(failed.values()))
            yield f"{name}: {count} failed and were left out ({first})"
        if broken := [answer.error for answer in one.run.answers if answer.error]:
            yield f"{name}: {plural(len(broken), 'answer')} broke off, left out ({broken[0]})"


def interval_cell(interval: Interval) -> FigureCell:
    """Return a mean with its interval; a dash if there is nothing to average."""
    if math.isnan(interval.mean):
        return FigureCell("–")
    return FigureCell(f"{interval.mean:.3f}", f"{interval.low:.3f}–{interval.high:.3f}")


def _stage_rows(one: RunFigures, found: Figures) -> Iterator[tuple[str, tuple[FigureCell, ...]]]:
    for stage in one.stages.values():
        metrics = (interval_cell(stage.metrics[name]) for name in found.measures)
        yield stage_title(stage.name), (*metrics, *_times(stage))
    for name, values in one.baselines.items():
        yield (
            f"{name.capitalize()} order",
            tuple(FigureCell(f"{values[metric]:.3f}") for metric in found.measures),
        )


def _times(stage: StageFigures) -> tuple[FigureCell, ...]:
    fell = f"{stage.fell_back} fell back" if stage.fell_back else ""
    times = (FigureCell(duration(seconds)) for seconds in (stage.p50, stage.p95))
    return (*times, FigureCell(f"{stage.questions:,}", fell))


def _note(one: RunFigures) -> str:
    return (
        f"whole search: {duration(one.p50)} median, {duration(one.p95)} for 95 % · "
        f"cost: {dollars(one.cost)} a question, {dollars(one.run.spent)} in all"
    )


def _audit_row(one: AuditedFigure, found: Figures) -> Iterator[FigureCell]:
    sign = "+" if one.before else ""
    for value in (plain(found, one.before, one.after), one.model, one.people):
        yield FigureCell(f"{value:{sign}.3f}")
    both = one.corrected.interval
    yield FigureCell(f"{both.mean:{sign}.3f}", f"{both.low:{sign}.3f} to {both.high:{sign}.3f}")


def _comparison_row(one: Comparison) -> Iterator[FigureCell]:
    difference, interval = one.difference, one.difference.interval
    if difference.questions:
        span = f"{interval.low:+.3f} to {interval.high:+.3f}"
        yield FigureCell(f"{interval.mean:+.3f}", span)
        yield FigureCell(p_value(difference.adjusted).removeprefix("= "))
        yield from (
            FigureCell(str(n)) for n in (difference.wins, difference.ties, difference.losses)
        )
