"""One question asked of several pipelines, each by itself or all on one candidate pool."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rag.errors import RanklensError, SettingsError
from rag.evaluate.data import Ranking, Unit
from rag.evaluate.measures import baselines
from rag.evaluate.measures.likeness import Likeness, alike
from rag.evaluate.measures.metrics import PRIMARY, per_question
from rag.llm.prices import spent
from rag.pipeline import Pipeline, Retrieved
from rag.types import Hit, Stage, StageName, Trace

# What decides on the candidates. A frozen pool has one hop: the second one follows what a
# pipeline's own reranker put first, so it would be another pool for each.
RETRIEVAL = (
    "pool", "fusion", "rrf_k", "dense_weight", "lexical_weight", "lexical_engine", "expansion",
    "expansion_weight", "expansion_seconds", "feedback_passages", "feedback_words",
)  # fmt: skip
ONE_HOP = "with one candidate pool for all there is no second hop"

OnProgress = Callable[[int, int], None]
Variants = Mapping[str, Mapping[str, Any]]
"""Pipeline's name → the settings in which it differs from the current ones."""


class Interrupted(RanklensError):
    """The work was asked to stop before it was done."""


@dataclass(frozen=True, slots=True)
class Side:
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


@dataclass(frozen=True, slots=True)
class Worth:
    """A metric of every side's final ranking, by name, and of the baselines of the first pool."""

    sides: Mapping[str, float]
    baselines: Mapping[str, float]


def pipelines(pipeline: Pipeline, variants: Variants, frozen: bool) -> dict[str, Pipeline]:
    """Return the pipelines by name; ``frozen`` gives all of them the first one's retrieval.

    Raises `SettingsError` if there is none, or if one's settings are wrong.
    """
    if not variants:
        raise SettingsError("there is no pipeline to ask")
    made = {n: pipeline.with_settings(**changes) for n, changes in variants.items()}
    if frozen:
        first = next(iter(made.values())).settings
        pool = {option: getattr(first, option) for option in RETRIEVAL}
        made = {n: one.with_settings(**pool, hops=1) for n, one in made.items()}
    return made


def hops_left_out(pipeline: Pipeline, variants: Variants, frozen: bool) -> str:
    """Return that a frozen pool takes a pipeline's second hop away, if it does."""
    asked = (pipeline.with_settings(**changes).settings.hops for changes in variants.values())
    return ONE_HOP if frozen and any(hops > 1 for hops in asked) else ""


def ask(asked: Mapping[str, Pipeline], question: str, frozen: bool) -> Iterator[Side]:
    """Ask one pipeline after the other; ``frozen`` retrieves once, and all rank that one pool.

    Raises `SettingsError`; any other error is a side's problem.
    """
    pool: Retrieved | None = None
    for name, one in asked.items():
        try:
            if frozen:
                pool = pool or one.retrieve(question)
                yield Side(name, one.rank(pool))
            else:
                yield Side(name, one.search(question))
        except SettingsError:
            raise
        except RanklensError as error:
            yield Side(name, None, str(error))


def compared(
    pipeline: Pipeline,
    variants: Variants,
    question: str,
    frozen: bool = False,
    answers: bool = False,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> tuple[Side, ...]:
    """Ask a question of every pipeline, for an answer too with ``answers``.

    Models are loaded before, so no pipeline's time has that in it. Raises `Interrupted` where
    ``stop`` was set.
    """
    made = pipelines(pipeline, variants, frozen)
    for one in made.values():
        with contextlib.suppress(RanklensError):  # its side has the problem
            one.reranker_parts()
    sides: list[Side] = []
    for side in ask(made, question, frozen):
        if answers and side.trace:
            side = replace(side, trace=with_answer(made[side.name], side.trace))
        sides.append(side)
        if on_progress:
            on_progress(len(sides), len(made))
        if stop is not None and stop.is_set() and len(sides) < len(made):
            raise Interrupted(f"stopped after {len(sides)} of {len(made)} pipelines")
    return tuple(sides)


def with_answer(pipeline: Pipeline, trace: Trace) -> Trace:
    """Have a trace's question answered."""
    answering = pipeline.answer(trace)
    for _piece in answering:
        pass
    return trace.with_answer(answering.answer)


def likeness(first: Side, second: Side, k: int = 10) -> Likeness | None:
    """Return how alike two final rankings are; None if one of them failed."""
    if first.trace is None or second.trace is None:
        return None
    left, right = ([hit.chunk.id for hit in side.last] for side in (first, second))
    return alike([(left, right)], k)


def worth(
    sides: Sequence[Side], grades: Mapping[str, int], unit: Unit, metric: str = PRIMARY
) -> Worth | None:
    """Return a metric of each side and of the baselines; None without a relevant judgement.

    The baselines order the first side's pool: as it came from fusion, by chance (the mean of ten
    orders), and by grade.
    """
    done = [side for side in sides if side.trace]
    if not done or not any(grade > 0 for grade in grades.values()):
        return None
    question, fused = "q", ordered_before(done[0])
    rankings = {n: ranking(Stage("", hits, 0.0), unit).items for n, hits in _orders(done, fused)}
    held = {n: dict(grades) for n in rankings}
    found = per_question(rankings, held, [metric])[metric]
    pool = {question: rankings[""]}
    orders = baselines.figures(pool, {question: dict(grades)}, [metric])
    base = {
        StageName.FUSED: found.pop(""),
        **{name: values[metric] for name, values in orders.items()},
    }
    return Worth(found, base)


def ordered_before(side: Side) -> tuple[Hit, ...]:
    """Return the reranker's pool in the order in which it came."""
    if side.trace is None:
        return ()
    names = [stage.name for stage in side.trace.stages]
    at = names.index(StageName.RERANKED) if StageName.RERANKED in names else len(names) - 1
    pool = {hit.chunk.id for hit in side.trace.stages[at].hits}
    return tuple(h for h in side.trace.stages[max(0, at - 1)].hits if h.chunk.id in pool)


def ranking(stage: Stage, unit: Unit, shown: int = 0) -> Ranking:
    """Return a stage as items, each at the place of its best chunk.

    The ids of the chunks behind the first ``shown`` items are kept.
    """
    firsts: dict[str, tuple[float, str]] = {}
    for hit in stage.hits:
        firsts.setdefault(item(hit, unit), (hit.score, hit.chunk.id))
    return Ranking(
        stage=stage.name,
        items=tuple(firsts),
        scores=tuple(score for score, _ in firsts.values()),
        chunks=tuple(chunk for _, chunk in list(firsts.values())[:shown]),
        seconds=stage.seconds,
        fell_back=stage.fell_back,
        note=stage.note if stage.fell_back else "",
    )


def item(hit: Hit, unit: Unit) -> str:
    """Return what is judged of a hit: its document's name, or its chunk's id."""
    return hit.chunk.document if unit == "document" else hit.chunk.id


def _orders(done: Sequence[Side], fused: Sequence[Hit]) -> Iterator[tuple[str, tuple[Hit, ...]]]:
    yield "", tuple(fused)
    for side in done:
        yield side.name, side.last
