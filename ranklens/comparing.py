"""Comparing pipelines on one question, each by itself or all on one candidate pool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Any

from rag.evaluate.experiments import pipelines as named
from rag.evaluate.experiments.pipelines import delete as delete_pipeline
from rag.evaluate.experiments.pipelines import resolve
from rag.evaluate.experiments.side_by_side import (
    OnProgress,
    Side,
    Worth,
    compared,
    hops_left_out,
    item,
    likeness,
    worth,
)
from rag.evaluate.measures.likeness import Likeness
from rag.llm.prices import dollars
from rag.settings import SHAPES_ANSWER, SHAPES_RANKING, Settings
from rag.types import Trace
from ranklens.models import AUTO, rerankers

if TYPE_CHECKING:
    from ranklens.library import Library
    from ranklens.use_cases import UseCases

__all__ = ["Side", "Worth", "delete_pipeline", "resolve"]

Pipelines = Mapping[str, Mapping[str, Any]]
"""Pipeline's name → the settings in which it differs from the library's."""


@dataclass(frozen=True, slots=True)
class SideBySide:
    """What pipelines made of one question; ``note`` is what a shared candidate pool left out."""

    question: str
    sides: tuple[Side, ...]
    note: str = ""

    @property
    def traces(self) -> list[Trace]:
        """The traces of those that did not fail."""
        return [side.trace for side in self.sides if side.trace]

    @property
    def shared_pool(self) -> int | None:
        """How many candidates all of them ranked; None if each retrieved its own."""
        pools = {frozenset(hit.chunk.id for hit in side.last) for side in self.sides if side.trace}
        return len(next(iter(pools))) if len(pools) == 1 else None

    def likeness(self, side: Side) -> Likeness | None:
        """Return how like the first one's a ranking is; None for itself and for failed ones."""
        return None if side is self.sides[0] else likeness(self.sides[0], side)

    def cost(self, side: Side) -> str:
        """Return what a side's calls cost, in words."""
        return dollars(side.cost)

    def trace_with(self, chunk_id: str) -> Trace | None:
        """Return the first trace that holds a passage."""
        for trace in self.traces:
            if any(hit.chunk.id == chunk_id for stage in trace.stages for hit in stage.hits):
                return trace
        return None


@dataclass(frozen=True, slots=True)
class SideBySideGrades:
    """What the judgements show of pipelines side by side.

    ``relevant`` are the ids of passages with a grade above 0. ``worth`` is None if there is none;
    ``judged`` is whether the question has any judgement.
    """

    relevant: frozenset[str]
    worth: Worth | None
    judged: bool


def compare(
    library: UseCases, question: str, pipelines: Pipelines, one_pool: bool = False,
    answers: bool = False, on_progress: OnProgress | None = None, stop: Event | None = None,
) -> SideBySide:  # fmt: skip
    """Ask a question of every pipeline; with ``one_pool`` all rank what the first one retrieves.

    ``answers`` has each answer it too. A pipeline that fails is a side with a problem. Raises
    `Interrupted` once ``stop`` is set.
    """
    note = hops_left_out(library.pipeline, pipelines, one_pool)
    sides = compared(library.pipeline, pipelines, question, one_pool, answers, on_progress, stop)
    return SideBySide(question, sides, note)


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
    return SideBySideGrades(relevant, worth(made.sides, grades, qrels.unit), bool(grades))


def pipeline_names(settings: Settings) -> list[str]:
    """Return the pipelines to choose from: the current settings, saved ones, then rerankers."""
    runs = [one.name for one in rerankers(settings) if not one.reason]
    return list(dict.fromkeys((named.CURRENT, *named.saved(settings.library), *runs, AUTO)))


def describe_pipeline(settings: Settings, name: str) -> str:
    """Return a pipeline's name as people read it: with and without reranking in words."""
    return named.describe(name, settings.reranker)


def saved_pipelines(settings: Settings) -> dict[str, str]:
    """Return the library's saved pipelines: name → options as they are typed."""
    return {name: _typed(options) for name, options in named.saved(settings.library).items()}


def save_pipeline(settings: Settings, name: str, options: str) -> None:
    """Keep options (``pool=100,reranker=none``) as a pipeline; raises `SettingsError`."""
    written = f"options:{options.strip()}"
    found = named.resolve(settings, [written])["options"] if options.strip() else {}
    named.save(settings, name.strip(), found)


def changed_options(settings: Settings, chosen: Mapping[str, Any]) -> str:
    """Return those of the chosen options that differ from the settings, as they are typed."""
    shaping = settings.shaping(SHAPES_RANKING, SHAPES_ANSWER)
    return _typed({n: v for n, v in chosen.items() if n in shaping and shaping[n] != v})


def _typed(options: Mapping[str, Any]) -> str:
    return ",".join(f"{name}={'none' if v is None else v}" for name, v in options.items())
