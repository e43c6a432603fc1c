"""What an evaluation holds: questions, grades, and the rankings that were measured.

Everything that is shown is worked out from these by pure functions, so a saved evaluation can be
replayed exactly, without its library and without a model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from rag.text.typed import clean
from rag.types import Hit, Stage, StageName

Unit = Literal["document", "passage"]
Grades = Mapping[str, Mapping[str, int]]
"""Question id → item → grade. An item is what is judged: a document's name, or a chunk's id."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its id in its set; ``kind`` and ``answer`` are only passed on."""

    id: str
    text: str
    kind: str = ""
    answer: str = ""

    def __post_init__(self) -> None:
        """Take out what no file can hold: the texts may come from broken JSON."""
        for name in ("id", "text", "kind", "answer"):
            object.__setattr__(self, name, clean(getattr(self, name)))


@dataclass(frozen=True, slots=True)
class Ranking:
    """One stage's items for one question, best first, each once.

    If documents are judged, a document's place is that of its best chunk. ``chunks`` are the
    ids of the chunks behind the first few items.
    """

    stage: str
    items: tuple[str, ...]
    scores: tuple[float, ...]
    chunks: tuple[str, ...]
    seconds: float
    fell_back: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What one pipeline did with one question; ``seconds`` is the trace's own time.

    ``cost`` is what its calls cost, in dollars, None if that is not known.
    """

    question: str
    rankings: tuple[Ranking, ...]
    seconds: float
    cost: float | None = None

    def ranking(self, stage: str) -> Ranking | None:
        """Return the ranking of that stage, or None if it did not run."""
        return next((r for r in self.rankings if r.stage == stage), None)


@dataclass(frozen=True, slots=True)
class Answered:
    """One pipeline's answer: the items that it was given, and those of them that it cites.

    ``seconds`` and ``cost`` (dollars, None if not known) are the writing's alone; ``error`` is
    why there is no whole answer.
    """

    question: str
    given: tuple[str, ...]
    cited: tuple[str, ...]
    refused: bool
    seconds: float
    cost: float | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One pipeline over all questions. ``failures`` maps a question to why it had no result.

    ``answers`` are there if answers were wanted, those to unanswerable questions included.
    ``reranker`` is the one that ran, empty if the evaluation is older than this field. ``further``
    are the items of the last stage for questions that only a model's grades measure.
    """

    name: str
    settings: Mapping[str, Any]
    settings_digest: str
    results: tuple[Result, ...]
    failures: Mapping[str, str] = field(default_factory=dict)
    answers: tuple[Answered, ...] = ()
    reranker: str = ""
    further: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def spent(self) -> float | None:
        """Dollars that all searches cost together, None if one's price is not known."""
        return total(result.cost for result in self.results)

    @property
    def stages(self) -> tuple[str, ...]:
        """Names of the stages, in the order in which they first came."""
        return tuple(dict.fromkeys(r.stage for result in self.results for r in result.rankings))

    @property
    def last(self) -> str:
        """Name of the stage that the answer is given: ``second-hop`` if there is one."""
        return self.stages[-1] if self.stages else StageName.RERANKED

    def rankings(self, stage: str) -> Iterator[tuple[str, Ranking]]:
        """Yield (question id, ranking) of a stage, questions that fell back there left out."""
        for result in self.results:
            ranking = result.ranking(stage)
            if ranking is not None and not ranking.fell_back:
                yield result.question, ranking

    def final(self) -> dict[str, tuple[str, ...]]:
        """Return question → the items that the answer is given, ``further`` ones included."""
        return {**{q: one.items for q, one in self.rankings(self.last)}, **self.further}

    def fell_back(self, stage: str) -> int:
        """Count the questions for which the stage passed the previous order on."""
        found = (result.ranking(stage) for result in self.results)
        return sum(ranking is not None and ranking.fell_back for ranking in found)


@dataclass(frozen=True, slots=True)
class Passage:
    """The beginning of a chunk, as a report shows it."""

    document: str
    page: int | None
    text: str


@dataclass(frozen=True, slots=True)
class ModelGrades:
    """Questions that a model graded, with its grades and those that people gave the same ones."""

    model: str
    questions: tuple[Question, ...]
    grades: Grades
    people: Grades


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Pipelines over judged questions; ``runs[0]`` is the one the others are compared with.

    ``questions`` are those that have a relevant item. ``unanswerable`` are asked for an answer
    only, to see whether it is refused. ``notes`` are what was left out, and why. ``by_model`` are a
    model's grades if people have audited them.
    """

    name: str
    unit: Unit
    questions: tuple[Question, ...]
    grades: Grades
    runs: tuple[Run, ...]
    passages: Mapping[str, Passage]
    made: str
    notes: tuple[str, ...] = ()
    unanswerable: tuple[Question, ...] = ()
    by_model: ModelGrades | None = None

    def run(self, name: str) -> Run:
        """Return the run of that name; raises `KeyError`."""
        for run in self.runs:
            if run.name == name:
                return run
        raise KeyError(name)


def ranking(stage: Stage, unit: Unit, shown: int = 0) -> Ranking:
    """Return a stage as items; the chunks behind the first ``shown`` of them are kept."""
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


def total(costs: Iterable[float | None]) -> float | None:
    """Add costs up; None if there is none, or if one of them is not known."""
    known = list(costs)
    return None if not known or None in known else sum(cost for cost in known if cost is not None)
