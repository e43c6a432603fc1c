"""What a comparison of two rankings shows: first in one plain sentence, then in figures."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rag.evaluate.data import Run
from rag.evaluate.experiments.pipelines import describe, model_of
from rag.evaluate.measures.figures import Comparison, Figures
from rag.evaluate.measures.metrics import metric_label
from rag.evaluate.measures.statistics import FEWEST, Difference, rounded
from rag.text.labels import stage_title
from rag.text.plural import plural
from rag.types import StageName

ACTS: dict[str, str] = {
    StageName.FUSED: "Fusion",
    StageName.EXPANDED: "Expansion",
    StageName.RERANKED: "Reranking",
    StageName.SECOND_HOP: "The second hop",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One comparison in words.

    ``compared`` names both rankings, ``sentence`` is for everybody, ``figures`` for those who
    measure. ``kind`` is "better" or "worse" if the corrected test shows a difference, else "".
    """

    compared: str
    sentence: str
    figures: str
    kind: str


def main_comparison(found: Figures) -> Comparison | None:
    """Return the comparison that an evaluation is about; None if nothing was compared.

    The last stage of the last pipeline against the first one's; with one pipeline, what its
    reranker gained, or else what fusion gained.
    """
    across = [c for c in found.comparisons if _across(c)]
    reranked = [c for c in found.comparisons if c.after[1] == StageName.RERANKED]
    return next(iter([*reversed(across), *reversed(reranked), *reversed(found.comparisons)]), None)


def verdict(comparison: Comparison, found: Figures) -> Verdict:
    """Describe one comparison of an evaluation."""
    difference = comparison.difference
    kind = ""
    if difference.shown:
        kind = "better" if difference.interval.mean > 0 else "worse"
    return Verdict(
        _compared(comparison, found),
        _sentence(comparison, found),
        f"{metric_label(comparison.metric)}: {difference.verdict} "
        f"(p {p_value(difference.adjusted)}, corrected for "
        f"{plural(len(found.comparisons), 'comparison')}; {difference.wins} better, "
        f"{difference.ties} alike, {difference.losses} worse).",
        kind,
    )


def audit_sentences(found: Figures) -> list[str]:
    """Describe what a model's grades, audited by people, make of the last pipeline's figure."""
    audit = found.audit
    if audit is None:
        return []
    one = audit.figures[-1]
    sign, span = "+" if one.before else "", one.corrected.interval
    names = [pipeline_label(found.evaluation.run(name)) for name in (one.after, one.before) if name]
    return [
        f"With {audit.model}'s grades, corrected by people's: {found.measures[0]} of "
        f"{' against '.join(names)} is {span.mean:{sign}.3f} (95 % interval {span.low:{sign}.3f} "
        f"to {span.high:{sign}.3f}); by people's judgements alone it is "
        f"{plain(found, one.before, one.after):{sign}.3f}.",
        *audit.sentences,
    ]


def plain(found: Figures, before: str, after: str) -> float:
    """Return a pipeline's own figure, or what it gains over another, without a model's grades."""
    runs = {one.run.name: one for one in found.runs}
    scores = [
        runs[name].stages[runs[name].run.last].scores[found.measures[0]]
        for name in (after, before) if name
    ]  # fmt: skip
    shared = [q for q in scores[0] if all(q in one for one in scores)]
    values = [scores[0][q] - (scores[1][q] if before else 0.0) for q in shared]
    return sum(values) / len(values) if values else math.nan


def side_label(side: tuple[str, str], comparison: Comparison, found: Figures) -> str:
    """Return a ranking's name: its pipeline if two are compared, else its stage."""
    run, stage = side
    return pipeline_label(found.evaluation.run(run)) if _across(comparison) else stage_title(stage)


def pipeline_label(run: Run) -> str:
    """Return a measured pipeline's name for people, with and without reranking in words."""
    reranker = run.reranker or str(run.settings.get("reranker", ""))
    return describe(run.name, model_of(reranker, run.settings.get("cross_encoder", reranker)))


def p_value(value: float) -> str:
    """Return a p-value with its sign; randomisation tests never give 0."""
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"


def _across(comparison: Comparison) -> bool:
    return comparison.before[0] != comparison.after[0]


def _compared(comparison: Comparison, found: Figures) -> str:
    after, before = (
        side_label(side, comparison, found) for side in (comparison.after, comparison.before)
    )
    if _across(comparison) or len(found.runs) == 1:
        return f"{after} against {before}"
    pipeline = pipeline_label(found.evaluation.run(comparison.after[0]))
    return f"{after} against {before} ({pipeline})"


def _sentence(comparison: Comparison, found: Figures) -> str:
    who, than = _subject(comparison, found)
    return sentence(comparison.difference, who, than, found.evaluation.unit)


def sentence(difference: Difference, who: str, than: str, item: str) -> str:
    """Describe for everybody what ``who`` changed; ``than`` is " than …" or nothing."""
    if not difference.questions:
        return f"{who} cannot be judged: there is no question to compare on."
    if not difference.wins + difference.losses:
        every = plural(difference.questions, "question")
        return f"{who} made no difference to the right {item} for any of {every}."
    return (
        f"{who} put the right {item} higher{than} for {plural(difference.wins, 'question')} and "
        f"lower for {difference.losses}: {_conclusion(difference)}."
    )


def _subject(comparison: Comparison, found: Figures) -> tuple[str, str]:
    """Return who changed the order, and "than …" unless that is what it was given."""
    if not _across(comparison):
        stage = comparison.after[1]
        alone = comparison.before[1] in (StageName.DENSE, StageName.LEXICAL)
        than = f" than {stage_title(comparison.before[1])} alone" if alone else ""
        return ACTS.get(stage, stage_title(stage)), than
    before, after = (found.evaluation.run(s[0]) for s in (comparison.before, comparison.after))
    without = [run.settings.get("reranker") == "none" for run in (before, after)]
    if without == [True, False]:
        return "Reranking" if after.name == "current" else f"Reranking with {after.name}", ""
    return pipeline_label(after), f" than {pipeline_label(before)}"


def _conclusion(difference: Difference) -> str:
    if difference.shown:
        gained = difference.interval.mean > 0
        mixed = gained != (difference.wins > difference.losses)  # few large against many small
        return f"a clear {'gain' if gained else 'loss'}{' on average' if mixed else ''}"
    if difference.needed or difference.questions < FEWEST:
        return f"not enough questions to be sure{_further(difference)}"
    return "no difference that matters"


def _further(difference: Difference) -> str:
    if not difference.more:
        return ""
    gained = difference.interval.mean > 0
    mixed = gained != (difference.wins > difference.losses)
    kind = f"{'gain' if gained else 'loss'}{' on average' if mixed else ''}"
    return f"; about {rounded(difference.more)} more would show a {kind} of this size"
