"""An evaluation for people: what page, command line and report show, and the report itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rag.evaluate.experiments import saved
from rag.evaluate.measures.figures import Figures
from rag.evaluate.measures.metrics import metric_label
from rag.evaluate.reports import charts, tables
from rag.evaluate.reports.changes import most_changed
from rag.evaluate.reports.rendering import TEMPLATES
from rag.evaluate.reports.tables import EvaluationTable
from rag.evaluate.reports.verdict import Verdict, audit_sentences, main_comparison, verdict
from rag.text.plural import plural


@dataclass(frozen=True, slots=True)
class EvaluationSummary:
    """An evaluation in the order in which it is read.

    ``verdict`` is the main comparison's, None if nothing was compared. ``notes`` and ``warnings``
    are what was left out. ``stages`` is a table a pipeline with the same columns, ``others`` are
    the answers, the comparisons and how alike the rankings are, as far as there are any.
    """

    name: str
    about: str
    measured: str
    verdict: Verdict | None
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    stages: tuple[EvaluationTable, ...]
    others: tuple[EvaluationTable, ...]


def summarise(found: Figures) -> EvaluationSummary:
    """Return what people read of an evaluation's figures."""
    evaluation = found.evaluation
    main = main_comparison(found)
    compared = tables.comparison_table(found) if main else None
    audited = tables.audit_table(found)
    others = (audited, tables.answer_table(found), compared, tables.likeness_table(found))
    questions = plural(len(evaluation.questions), "question")
    return EvaluationSummary(
        name=evaluation.name,
        about=f"{questions} with judged {evaluation.unit}s",
        measured=f"measured {evaluation.made[:16].replace('T', ' ')} UTC",
        verdict=verdict(main, found) if main else None,
        notes=(*audit_sentences(found), *evaluation.notes),
        warnings=tuple(tables.warnings(found)),
        stages=tables.stage_tables(found),
        others=tuple(table for table in others if table),
    )


def write(found: Figures, path: Path) -> None:
    """Write the report."""
    path.write_text(html(found), "utf-8")


def html(found: Figures) -> str:
    """Return the report as one HTML page that needs no network and no script."""
    main = main_comparison(found)
    return TEMPLATES.render(
        "report.html",
        summary=summarise(found),
        metric=metric_label(found.measures[0]),
        intervals=charts.stage_intervals(found),
        by_time=charts.pipelines_by_time(found),
        questions=most_changed(found, main) if main else (),
        comparisons=len(found.comparisons),
        digest=saved.digest(found.evaluation),
        runs=[one.run for one in found.runs],
    )
