"""A report for people who were not there: one HTML file that needs no network and no script."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from pathlib import Path

from rag.evaluate.experiments import saved
from rag.evaluate.measures import answers
from rag.evaluate.measures.figures import Comparison, Figures, RunFigures
from rag.evaluate.measures.likeness import likeness
from rag.evaluate.measures.metrics import MEASURES
from rag.evaluate.measures.statistics import Interval
from rag.evaluate.reports import charts
from rag.evaluate.reports.examples import telling
from rag.evaluate.reports.questions import questions
from rag.llm.prices import dollars
from rag.text.plural import plural
from rag.types import StageName

STAGES = {
    "dense": "dense retrieval",
    "lexical": "BM25",
    "fused": "fused",
    "reranked": "reranked",
}


def write(found: Figures, path: Path) -> None:
    """Write the report."""
    path.write_text(html(found), "utf-8")


def html(found: Figures) -> str:
    """Return the report as one page; whatever comes from questions and documents is escaped."""
    sheets = ("report.css", "charts.css")
    style = "".join(
        files("rag.evaluate.reports").joinpath(name).read_text("utf-8") for name in sheets
    )
    name = escape(found.evaluation.name)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">"
        f"<title>Ranklens: {name}</title><style>{style}</style></head><body><main>"
        + "\n".join(_sections(found))
        + "</main></body></html>\n"
    )


def main_comparison(found: Figures) -> Comparison | None:
    """Return the comparison that the report is about.

    The last stage of the last pipeline against the first one's; with one pipeline, what its
    reranker gained, or else what fusion gained.
    """
    across = [c for c in found.comparisons if c.before[0] != c.after[0]]
    reranked = [c for c in found.comparisons if c.after[1] == StageName.RERANKED]
    return next(iter([*reversed(across), *reversed(reranked), *reversed(found.comparisons)]), None)


def named(side: tuple[str, str], found: Figures) -> str:
    """Return a ranking's name in words; the pipeline only where there are several."""
    run, stage = side
    words = STAGES.get(stage, stage)
    return f"{words} ({run})" if len(found.runs) > 1 else words


def _sections(found: Figures) -> Iterator[str]:
    evaluation = found.evaluation
    count = len(evaluation.questions)
    of = "documents" if evaluation.unit == "document" else "passages"
    yield (
        f"<header><h1>{escape(evaluation.name)}</h1><p class='soft'>Ranklens evaluation · "
        f"{plural(count, 'question')} with judged {of} · {escape(evaluation.made)}</p></header>"
    )
    yield _verdicts(found)
    yield _charts(found)
    yield "<h2>Every figure</h2>" + "".join(_table(figures, found) for figures in found.runs)
    yield _answers(found)
    yield _alike(found)
    main = main_comparison(found)
    if main:
        title = f"from {named(main.before, found)} to {named(main.after, found)}"
        yield questions(telling(found, main), main.metric, title)
    yield _how(found)


def _verdicts(found: Figures) -> str:
    main = main_comparison(found)
    if main is None:
        return ""
    difference = main.difference
    said = f"<p><strong>{escape(_sentence(main, found))}</strong></p>"
    counts = (
        f"{plural(difference.wins, 'question')} got better, {difference.losses} worse, "
        f"{difference.ties} stayed as they were."
    )
    others = "".join(
        f"<li>{escape(_sentence(other, found))} "
        f"<span class='soft'>p&nbsp;{_p(other.difference.adjusted)}</span></li>"
        for other in found.comparisons
        if other is not main
    )
    more = f"<h2>The other comparisons</h2><ul class='card'>{others}</ul>" if others else ""
    return f"<div class='verdict'>{said}<p class='soft'>{counts}</p></div>{more}"


def _sentence(comparison: Comparison, found: Figures) -> str:
    after = named(comparison.after, found)
    before = named(comparison.before, found)
    subject = f"{after[0].upper()}{after[1:]} against {before}"
    return f"{subject}: {comparison.difference.verdict} ({comparison.metric})."


def _charts(found: Figures) -> str:
    metric = found.measures[0]
    bars = charts.intervals(charts.rows_of(found, _title))
    plot = charts.quality_by_time(charts.dots_of(found, _title), metric)
    return (
        "<h2>Quality, time and cost</h2><div class='charts'>"
        f"<div class='card'><h3>{metric} by stage, with 95 % intervals</h3>{bars}</div>"
        f"<div class='card'><h3>{metric} against time and cost</h3>{plot}</div></div>"
    )


def _title(stage: str) -> str:
    return STAGES.get(stage, stage)


def _table(figures: RunFigures, found: Figures) -> str:
    stages = list(figures.stages.values())
    head = "".join(f"<th class='number'>{escape(STAGES.get(s.name, s.name))}</th>" for s in stages)
    base = list(figures.baselines)
    head += "".join(f"<th class='number'>{name} order</th>" for name in base)
    rows = []
    for metric in found.measures:
        cells = "".join(f"<td class='number'>{_cell(s.metrics[metric])}</td>" for s in stages)
        cells += "".join(
            f"<td class='number'>{figures.baselines[name][metric]:.3f}</td>" for name in base
        )
        hint = escape(MEASURES[metric.partition("@")[0]][2])
        rows.append(f"<tr><th scope='row' title='{hint}'>{metric}</th>{cells}</tr>")
    for name, percentile in (("p50", "median"), ("p95", "95th percentile")):
        cells = "".join(f"<td class='number'>{_ms(getattr(s, name))}</td>" for s in stages)
        rows.append(
            f"<tr><th scope='row'>time, {percentile}</th>{cells}{'<td></td>' * len(base)}</tr>"
        )
    rows.append(_cost(figures, len(stages) + len(base)))
    title = f"<h3>{escape(figures.run.name)}</h3>" if len(found.runs) > 1 else ""
    notes = "".join(f"<p class='soft'>{escape(note)}</p>" for note in _left_out(figures))
    return (
        f"<div class='card wide'>{title}<table><thead><tr><th>metric</th>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>{notes}</div><p></p>"
    )


def _cost(figures: RunFigures, columns: int) -> str:
    spent = f"{dollars(figures.cost)} a question, {dollars(figures.run.spent)} in all"
    return f"<tr><th scope='row'>cost</th><td colspan='{columns}'>{spent}</td></tr>"


def _answers(found: Figures) -> str:
    """Return the measures of the answers, a column a pipeline; nothing without answers."""
    asked = [figures for figures in found.runs if figures.answers]
    if not asked:
        return ""
    head = "".join(f"<th class='number'>{escape(figures.run.name)}</th>" for figures in asked)
    rows = "".join(
        f"<tr><th scope='row' title='{escape(hint)}'>{name}</th>"
        + "".join(f"<td class='number'>{_cell(figures.answers[name])}</td>" for figures in asked)
        + "</tr>"
        for name, hint in answers.MEASURES.items()
    )
    notes = "".join(
        f"<p class='soft'>{escape(said)}</p>"
        for said in answers.left_out(figures.run for figures in asked)
    )
    return (
        "<h2>Answers</h2><div class='card wide'><table><thead><tr><th>measure</th>"
        f"{head}</tr></thead><tbody>{rows}</tbody></table>{notes}</div>"
    )


def _left_out(figures: RunFigures) -> Iterator[str]:
    for stage in figures.stages.values():
        if stage.fell_back:
            asked = plural(stage.fell_back, "question")
            yield f"{stage.name} fell back on {asked}, left out of it."
    if figures.run.failures:
        yield f"{plural(len(figures.run.failures), 'question')} failed and were left out."


def _alike(found: Figures) -> str:
    first = found.runs[0].run
    rows = []
    for figures in found.runs[1:]:
        if alike := likeness(first, figures.run):
            tau = "–" if alike.tau is None else f"{alike.tau:.3f}"
            pool = "the same" if alike.same_pool else "their own"
            cells = (tau, f"{alike.rbo:.3f}", f"{alike.overlap:.0%}", pool)
            rows.append(
                f"<tr><th scope='row'>{escape(first.name)} and {escape(figures.run.name)}</th>"
                + "".join(f"<td class='number'>{cell}</td>" for cell in cells)
                + "</tr>"
            )
    if not rows:
        return ""
    head = "".join(
        f"<th class='number'>{name}</th>"
        for name in ("Kendall's tau", "rank-biased overlap", "shared of the first 10", "candidates")
    )
    return (
        "<h2>How alike the rankings are</h2><div class='card wide'><table><thead><tr><th></th>"
        f"{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _how(found: Figures) -> str:
    evaluation = found.evaluation
    notes = "".join(f"<li>{escape(note)}</li>" for note in evaluation.notes)
    runs = "".join(_settings(figures) for figures in found.runs)
    return (
        "<h2>How this was measured</h2><div class='card'><p>Every question went through the whole "
        "pipeline, as in the application. Intervals are 95 % bootstrap intervals over questions; "
        "differences are paired by question and tested by randomisation, with Holm's correction "
        f"for {len(found.comparisons)} comparisons. Questions for which a reranker fell back are "
        f"not in its figures.</p>{f'<ul>{notes}</ul>' if notes else ''}"
        f"<p class='soft'>Digest of rankings, grades and settings: "
        f"<code>{saved.digest(evaluation)}</code></p></div><p></p>{runs}"
    )


def _settings(figures: RunFigures) -> str:
    run = figures.run
    shown = ", ".join(f"{name} = {value}" for name, value in sorted(run.settings.items()))
    return (
        f"<details><summary>Settings of {escape(run.name)} <code>{run.settings_digest}</code>"
        f"</summary><div class='sides'><code>{escape(shown)}</code></div></details>"
    )


def _p(value: float) -> str:
    return "&lt;&nbsp;0.001" if value < 0.001 else f"=&nbsp;{value:.3f}"


def _cell(found: Interval) -> str:
    if math.isnan(found.mean):
        return "–"
    return f"{found.mean:.3f}<br><span class='range'>{found.low:.3f}–{found.high:.3f}</span>"


def _ms(seconds: float) -> str:
    if math.isnan(seconds):
        return "–"
    return "&lt; 1 ms" if seconds < 0.0005 else f"{seconds * 1000:,.0f} ms"
