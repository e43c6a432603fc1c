"""One question asked of several pipelines, each by itself or all on one candidate pool."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rag.errors import RanklensError, SettingsError
from rag.evaluate.data import Unit, ranking
from rag.evaluate.experiments.pipelines import Variants
from rag.evaluate.measures.likeness import Likeness, alike
from rag.evaluate.measures.metrics import PRIMARY, baselines, per_question
from rag.evaluate.progress import OnProgress, advance
from rag.llm.prices import dollars, spent
from rag.pipeline import Pipeline, Retrieved
from rag.retrieve.question import checked_question
from rag.types import Hit, Stage, StageName, Trace

# What decides on the candidates. A frozen pool has one hop: the second one follows what a
# pipeline's own reranker put first, so it would be another pool for each.
RETRIEVAL = (
    "pool", "fusion", "rrf_k", "dense_weight", "lexical_weight", "lexical_engine", "expansion",
    "expansion_weight", "expansion_seconds", "feedback_passages", "feedback_words",
)  # fmt: skip
ONE_HOP = "with one candidate pool for all there is no second hop"


@dataclass(frozen=True, slots=True)
class PipelineOutcome:
    """What one pipeline made of the question; ``problem`` is why there is no trace."""

    name: str
    trace: Trace | None
    problem: str = ""

    @property
    def last(self) -> tuple[Hit, ...]:
        """The final ranking."""
        return self.trace.stages[-1].hits if self.trace else ()

    @property
    def fell_back(self) -> list[Stage]:
        """The stages that could not do their work."""
        return [s for s in self.trace.stages if s.fell_back] if self.trace else []

    @property
    def cost(self) -> float | None:
        """Dollars spent on it; None if a price is not known."""
        return spent(stage.details for stage in self.trace.stages) if self.trace else None

    @property
    def price(self) -> str:
        """The cost as it is shown."""
        return dollars(self.cost)

    @property
    def pool(self) -> tuple[Hit, ...]:
        """The reranker's candidates, in the order in which it was given them."""
        if self.trace is None:
            return ()
        stages = self.trace.stages
        names = [stage.name for stage in stages]
        at = names.index(StageName.RERANKED) if StageName.RERANKED in names else len(names) - 1
        ids = {hit.chunk.id for hit in stages[at].hits}
        return tuple(hit for hit in stages[max(0, at - 1)].hits if hit.chunk.id in ids)


@dataclass(frozen=True, slots=True)
class PipelineScores:
    """A metric of every final ranking, by pipeline, and of the baselines of the first pool.

    ``missing`` are the pipelines whose candidates hold no relevant item, so that no order of them
    could be better. There are no baselines if the first one is among these.
    """

    sides: Mapping[str, float]
    baselines: Mapping[str, float]
    missing: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SideBySide:
    """What pipelines made of one question; ``note`` is what a shared candidate pool left out."""

    question: str
    sides: tuple[PipelineOutcome, ...]
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

    def likeness(self, side: PipelineOutcome) -> Likeness | None:
        """Compare a final ranking with the first one; None for itself and if one of both failed."""
        first = self.sides[0]
        if side is first or first.trace is None or side.trace is None:
            return None
        left, right = ([hit.chunk.id for hit in one.last] for one in (first, side))
        return alike([(left, right)])

    def trace_with(self, chunk_id: str) -> Trace | None:
        """Return the first trace that holds a passage."""
        for trace in self.traces:
            if any(hit.chunk.id == chunk_id for stage in trace.stages for hit in stage.hits):
                return trace
        return None

    def scores(self, grades: Mapping[str, int], unit: Unit) -> PipelineScores | None:
        """Return nDCG@10 of each pipeline and of the baselines; None without a relevant item.

        The baselines order the first pipeline's pool: as it came from fusion, by chance (the mean
        of ten orders), and by grade.
        """
        done = [side for side in self.sides if side.trace]
        if not done or not any(grade > 0 for grade in grades.values()):
            return None
        pool = _items(done[0].pool, unit)
        orders = {side.name: _items(side.last, unit) for side in done}
        sides = per_question(orders, dict.fromkeys(orders, grades), [PRIMARY])[PRIMARY]
        relevant = {item for item, grade in grades.items() if grade > 0}
        missing = frozenset(name for name, order in orders.items() if not relevant & {*order})
        if done[0].name in missing:
            return PipelineScores(sides, {}, missing)
        fused = per_question({"q": pool}, {"q": grades}, [PRIMARY])[PRIMARY]["q"]
        others = baselines({"q": pool}, {"q": grades}, [PRIMARY])
        best = {name: values[PRIMARY] for name, values in others.items()}
        return PipelineScores(sides, {StageName.FUSED: fused, **best}, missing)


def pipelines(
    pipeline: Pipeline, variants: Variants, frozen: bool
) -> tuple[dict[str, Pipeline], str]:
    """Return the pipelines by name, and a note if ``frozen`` takes a second hop from one of them.

    ``frozen`` gives all of them the first one's retrieval. Raises `SettingsError` if there is no
    pipeline or if one's settings are wrong.
    """
    if not variants:
        raise SettingsError("there is no pipeline to ask")
    made = {n: pipeline.with_settings(**changes) for n, changes in variants.items()}
    if not frozen:
        return made, ""
    note = ONE_HOP if any(one.settings.hops > 1 for one in made.values()) else ""
    first = next(iter(made.values())).settings
    pool = {option: getattr(first, option) for option in RETRIEVAL}
    return {n: one.with_settings(**pool, hops=1) for n, one in made.items()}, note


def search_each(
    searched: Mapping[str, Pipeline], question: str, frozen: bool
) -> Iterator[PipelineOutcome]:
    """Search with one pipeline after the other; ``frozen`` retrieves once, and all rank that pool.

    Raises `SettingsError`; any other error of ours is an outcome's problem.
    """
    pool: Retrieved | None = None
    for name, one in searched.items():
        try:
            if frozen:
                pool = pool or one.retrieve(question)
                yield PipelineOutcome(name, one.rank(pool))
            else:
                yield PipelineOutcome(name, one.search(question))
        except SettingsError:
            raise
        except RanklensError as error:
            yield PipelineOutcome(name, None, str(error))


def compare(
    pipeline: Pipeline,
    variants: Variants,
    question: str,
    one_pool: bool = False,
    answers: bool = False,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> SideBySide:
    """Ask a question of every pipeline; with ``one_pool`` all rank what the first one retrieves.

    ``answers`` has each answer it too. Models are loaded before, so no pipeline's time has that in
    it. Raises `RanklensError` if the question is too long, `Interrupted` once ``stop`` is set.
    """
    question = checked_question(question, pipeline.settings)
    made, note = pipelines(pipeline, variants, one_pool)
    for one in made.values():
        with contextlib.suppress(RanklensError):  # the search has it as its problem
            one.reranker_parts()
    sides: list[PipelineOutcome] = []
    for side in search_each(made, question, one_pool):
        if answers and side.trace:
            side = replace(side, trace=with_answer(made[side.name], side.trace))
        sides.append(side)
        advance(len(sides), len(made), "pipelines", on_progress, stop)
    return SideBySide(question, tuple(sides), note)


def with_answer(pipeline: Pipeline, trace: Trace) -> Trace:
    """Have a trace's question answered."""
    trace = pipeline.widen(trace)
    answering = pipeline.answer(trace)
    for _piece in answering:
        pass
    return trace.with_answer(answering.answer)


def _items(hits: Sequence[Hit], unit: Unit) -> tuple[str, ...]:
    return ranking(Stage("", tuple(hits), 0.0), unit).items
