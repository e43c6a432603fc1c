"""Comparing pipelines on one question, each by itself or all on one candidate pool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag.evaluate.data import item
from rag.evaluate.experiments import pipelines as named
from rag.evaluate.experiments.pipelines import CURRENT, resolve
from rag.evaluate.experiments.side_by_side import (
    PipelineOutcome,
    PipelineScores,
    SideBySide,
    compare,
)
from rag.evaluate.measures.metrics import PRIMARY
from rag.settings import SHAPES_ANSWER, SHAPES_RANKING, Settings
from rag.trace import to_dict
from ranklens import policy
from ranklens.models import AUTO, rerankers, what_ranks

if TYPE_CHECKING:
    from ranklens.library import Library

__all__ = ["CURRENT", "PipelineOutcome", "SideBySide", "compare", "resolve"]


@dataclass(frozen=True, slots=True)
class SideBySideGrades:
    """What the judgements show of pipelines side by side.

    ``relevant`` are the ids of passages with a grade above 0. ``scores`` is None if there is none;
    ``judged`` is whether the question has any judgement.
    """

    relevant: frozenset[str]
    scores: PipelineScores | None
    judged: bool


def grades_of(library: Library, made: SideBySide) -> SideBySideGrades:
    """Return what the judgements of now show of pipelines side by side."""
    qrels = library.judgements.qrels([made.question])
    grades = qrels.grades.get(made.question, {})
    relevant = frozenset(
        hit.chunk.id
        for side in made.sides
        for hit in side.last
        if grades.get(item(hit, qrels.unit), 0) > 0
    )
    return SideBySideGrades(relevant, made.scores(grades, qrels.unit), bool(grades))


def outside(library: Library, made: SideBySide) -> dict[str, Any]:
    """Return pipelines side by side as JSON's own types, with what the judgements show of them."""
    grades = grades_of(library, made)
    scores = grades.scores.sides if grades.scores else {}
    sides = [
        {
            "pipeline": side.name,
            "problem": side.problem,
            "cost": side.cost,
            PRIMARY: scores.get(side.name),
            "trace": to_dict(side.trace) if side.trace else None,
        }
        for side in made.sides
    ]
    baselines = dict(grades.scores.baselines) if grades.scores else {}
    return {
        "question": made.question,
        "judged": grades.judged,
        "shared_pool": made.shared_pool,
        "note": made.note,
        "baselines": baselines,
        "pipelines": sides,
    }


def pipeline_names(settings: Settings) -> list[str]:
    """Return the pipelines to choose from: the current settings, saved ones, then rerankers."""
    runs = [one.name for one in rerankers(settings) if not one.reason]
    return list(dict.fromkeys((named.CURRENT, *named.saved(settings), *runs, AUTO)))


def describe_pipeline(settings: Settings, name: str) -> str:
    """Return a pipeline's name as people read it: with and without reranking in words."""
    reranker = what_ranks(settings, settings.reranker)
    return named.describe(name, named.model_of(reranker, settings.cross_encoder))


def saved_pipelines(settings: Settings) -> dict[str, str]:
    """Return the library's saved pipelines: name → options as they are typed."""
    return {name: _typed(options) for name, options in named.saved(settings).items()}


def pipeline_notes(settings: Settings) -> dict[str, str]:
    """Return what is known of saved pipelines: name → its held-out figure, in a sentence."""
    return named.notes(settings)


def save_pipeline(library: Library, name: str, options: str) -> None:
    """Keep options (``pool=100,reranker=none``) as a pipeline, as `keep_pipeline` does."""
    written = f"options:{options.strip()}"
    found = named.resolve(library.settings, [written])["options"] if options.strip() else {}
    keep_pipeline(library, name, found)


def keep_pipeline(library: Library, name: str, options: Mapping[str, Any], worth: str = "") -> None:
    """Keep options as a pipeline, for everybody; ``worth`` is its held-out figure, in a sentence.

    Raises `SettingsError` if the name or an option is wrong, and `Refused`.
    """
    policy.require(library.visitor, "pipelines")
    named.save(library.settings, name.strip(), options, worth)
    library.note("saved the pipeline", f"{name.strip()}: {_typed(options)}")


def delete_pipeline(library: Library, name: str) -> bool:
    """Delete a saved pipeline; False if there is none of that name. Raises `Refused`."""
    policy.require(library.visitor, "pipelines")
    deleted = named.delete(library.settings, name)
    if deleted:
        library.note("deleted the pipeline", name)
    return deleted


def changed_options(settings: Settings, options: Mapping[str, Any]) -> str:
    """Return those of the options that differ from the settings, as they are typed."""
    shaping = settings.shaping(SHAPES_RANKING, SHAPES_ANSWER)
    return _typed({n: v for n, v in options.items() if n in shaping and shaping[n] != v})


def _typed(options: Mapping[str, Any]) -> str:
    return ",".join(f"{name}={'none' if v is None else v}" for name, v in options.items())
