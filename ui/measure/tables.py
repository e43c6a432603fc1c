"""An evaluation's figures as HTML: the verdict in words, every stage, every comparison."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rag.evaluate.measures.answers import MEASURES as ANSWERS
from rag.evaluate.measures.answers import left_out as broken_off
from rag.evaluate.measures.figures import Comparison, Figures, RunFigures, StageFigures
from rag.evaluate.measures.likeness import likeness
from rag.evaluate.measures.metrics import MEASURES
from rag.evaluate.measures.statistics import Interval
from rag.evaluate.reports.report import main_comparison, named
from rag.llm.prices import dollars
from rag.text.labels import duration, stage_title
from rag.text.plural import plural
from ui.shared.frame import escape
from ui.shared.passages import table

NUMBER = '<th class="right">'


def verdict(found: Figures) -> str:
    """Return the main comparison in words: who won by how much, and on how many questions."""
    main = main_comparison(found)
    if main is None:
        return ""
    difference = main.difference
    kind = ""
    if difference.shown:
        kind = "better" if difference.interval.mean > 0 else "worse"
    return (
        f'<div class="rl-verdict {kind}" role="status"><b>{escape(sentence(main, found))}</b>'
        f"<span>Better on {plural(difference.wins, 'question')}, worse on {difference.losses}, "
        f"alike on {difference.ties}. p {escape(p_said(difference.adjusted))}, corrected for "
        f"{comparisons_said(found)}.</span></div>"
    )


def sentence(comparison: Comparison, found: Figures) -> str:
    """Say what one comparison found, as text."""
    after, before = named(comparison.after, found), named(comparison.before, found)
    said = f"{after} against {before}: {comparison.difference.verdict} ({comparison.metric})"
    return said[0].upper() + said[1:]


def comparisons_said(found: Figures) -> str:
    """Say how many comparisons the correction is for."""
    count = len(found.comparisons)
    return "1 comparison" if count == 1 else f"{count} comparisons"


def stages(found: Figures) -> str:
    """Return a table of every metric of every stage with its interval, and what fell back."""
    head = "<th>Stage</th>" + "".join(
        f'{NUMBER[:-1]} title="{escape(MEASURES[m.partition("@")[0]][2])}">{m}</th>'
        for m in found.measures
    )
    head += f"{NUMBER}Median</th>{NUMBER}95 %</th>{NUMBER}Questions</th>"
    rows = [row for figures in found.runs for row in _run_rows(figures, found)]
    return table(head, rows)


def comparisons(found: Figures) -> str:
    """Return every comparison with its difference, corrected p, and wins, ties and losses."""
    head = "<th>Compared</th>" + "".join(
        f"{NUMBER}{name}</th>"
        for name in ("Difference", "p, corrected", "Better", "Alike", "Worse")
    )
    rows = []
    for one in found.comparisons:
        d = one.difference
        cells = (
            f"{d.interval.mean:+.3f}<small class='range'>{d.interval.low:+.3f} to "
            f"{d.interval.high:+.3f}</small>",
            escape(p_said(d.adjusted)).removeprefix("= "), str(d.wins), str(d.ties), str(d.losses),
        )  # fmt: skip
        cells_html = "".join(f'<td class="num">{cell}</td>' for cell in cells)
        rows.append(
            f"<tr><td>{escape(sentence(one, found))}</td>"
            f"{cells_html if d.questions else '<td colspan=5></td>'}</tr>"
        )
    return table(head, rows) if rows else ""


def left_out(found: Figures) -> list[str]:
    """Say which questions are in no figure, as texts: fallen back, failed."""
    said = []
    for figures in found.runs:
        name = figures.run.name
        said += [
            f"{name}: {stage.name} fell back on {plural(stage.fell_back, 'question')}; "
            "they are not in its figures."
            for stage in figures.stages.values()
            if stage.fell_back
        ]
        if figures.run.failures:
            first = next(iter(figures.run.failures.values()))
            said.append(f"{name}: {plural(len(figures.run.failures), 'question')} failed ({first})")
    return [*said, *broken_off(figures.run for figures in found.runs)]


def alike(found: Figures) -> str:
    """Return how alike each pipeline's ranking is to the first one's, as a table."""
    first = found.runs[0].run
    rows = []
    for figures in found.runs[1:]:
        if one := likeness(first, figures.run):
            tau = "–" if one.tau is None else f"{one.tau:.3f}"
            cells = (tau, f"{one.rbo:.3f}", f"{one.overlap:.0%}", "yes" if one.same_pool else "no")
            rows.append(
                f"<tr><td>{escape(figures.run.name)} and {escape(first.name)}</td>"
                + "".join(f'<td class="num">{cell}</td>' for cell in cells)
                + "</tr>"
            )
    head = "<th>Rankings</th>" + "".join(
        f"{NUMBER}{name}</th>"
        for name in ("Kendall's tau", "Rank-biased overlap", "First 10 shared", "Same candidates")
    )
    return table(head, rows) if rows else ""


def answers(found: Figures) -> str:
    """Return the measures of the answers with their intervals, a column a pipeline."""
    asked = [figures for figures in found.runs if figures.answers]
    if not asked:
        return ""
    head = "<th>Measure</th>" + "".join(
        f"{NUMBER}{escape(figures.run.name)}</th>" for figures in asked
    )
    rows = [
        f'<tr><td title="{escape(hint)}">{name[0].upper()}{name[1:]}</td>'
        + "".join(_cell(figures.answers[name]) for figures in asked)
        + "</tr>"
        for name, hint in ANSWERS.items()
    ]
    return table(head, rows)


def _run_rows(figures: RunFigures, found: Figures) -> Iterator[str]:
    columns = len(found.measures) + 4
    spent = f"{dollars(figures.cost)} a question, {dollars(figures.run.spent)} in all"
    yield (
        f'<tr class="head"><td colspan="{columns}">{escape(figures.run.name)} '
        f'<small class="cost">cost: {spent}</small></td></tr>'
    )
    for stage in figures.stages.values():
        cells = "".join(_cell(stage.metrics[name]) for name in found.measures)
        yield f"<tr><td>{escape(stage_title(stage.name))}</td>{cells}{_times(stage)}</tr>"
    for name, values in figures.baselines.items():
        cells = "".join(f'<td class="num">{values[m]:.3f}</td>' for m in found.measures)
        yield f'<tr><td class="rl-muted">{escape(name)} order</td>{cells}<td colspan="3"></td></tr>'


def _times(stage: StageFigures) -> str:
    fell = f"<small class='range'>{stage.fell_back} fell back</small>" if stage.fell_back else ""
    times = "".join(
        f'<td class="num">{"–" if math.isnan(s) else duration(s)}</td>'
        for s in (stage.p50, stage.p95)
    )
    return f'{times}<td class="num">{stage.questions:,}{fell}</td>'


def _cell(found: Interval) -> str:
    if math.isnan(found.mean):
        return '<td class="num">–</td>'
    span = f"{found.low:.3f}–{found.high:.3f}"
    return f"<td class='num'>{found.mean:.3f}<small class='range'>{span}</small></td>"


def p_said(value: float) -> str:
    """Return a p-value with its sign, as text; randomisation tests never give 0."""
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"
