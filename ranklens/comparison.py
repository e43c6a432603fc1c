"""What to judge next for a comparison of pipelines, and how it stands so far."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from threading import Event
from typing import TYPE_CHECKING, Any

from rag.errors import RanklensError
from rag.evaluate.data import Grades, Question, ranking
from rag.evaluate.experiments.pipelines import Variants
from rag.evaluate.experiments.side_by_side import pipelines as made_of
from rag.evaluate.experiments.side_by_side import search_each
from rag.evaluate.judgements.active import JudgingOrder, UsefulJudgement
from rag.evaluate.measures.metrics import PRIMARY, Rankings, per_question
from rag.evaluate.measures.statistics import Difference, compare
from rag.evaluate.progress import OnProgress, advance
from rag.text.plural import plural
from rag.types import Chunk
from ranklens import judged_sets

if TYPE_CHECKING:
    from ranklens.library import Library

DEPTH = 50  # passages of a ranking that are kept
WHOLE_DOCUMENTS = (
    "the judgements of this set are of whole documents; only passages can be judged one by one"
)


@dataclass(frozen=True, slots=True)
class ComparedRankings:
    """Final rankings of a set's questions by pipeline; the first one is what others stand against.

    ``failures`` are what could not be searched, in words.
    """

    name: str
    collection: str
    questions: tuple[Question, ...]
    rankings: Mapping[str, Rankings]
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UsefulPassage:
    """A passage that is to be judged next, and why; the reason names no pipeline and no rank."""

    question: Question
    passage: Chunk
    why: str
    weight: float
    chance: float


@dataclass(frozen=True, slots=True)
class ComparisonStanding:
    """A pipeline against the first one, with the judgements so far."""

    before: str
    after: str
    difference: Difference

    @property
    def sentence(self) -> str:
        """The verdict so far in words."""
        found = self.difference
        if not found.questions:
            return f"{self.after} against {self.before}: no relevant passage is known yet"
        moved = f"better for {found.wins}, worse for {found.losses}, alike for {found.ties}"
        return f"{self.after} against {self.before}: {found.verdict} ({moved})"


def rank_all(
    library: Library, name: str, pipelines: Variants, collection: str = "",
    on_progress: OnProgress | None = None, stop: Event | None = None,
) -> ComparedRankings:  # fmt: skip
    """Ask every question of a set, judged or not, of every pipeline.

    Raises `RanklensError` if there are fewer than two pipelines or nothing could be ranked, and
    `Interrupted` if it is stopped.
    """
    if len(pipelines) < 2:
        raise RanklensError("a comparison needs two pipelines or more")
    judged = judged_sets.question_set(library, name, folders=False, collection=collection)
    if judged.grades and judged.unit == "document":
        raise RanklensError(WHOLE_DOCUMENTS)
    made, _ = made_of(judged.pipeline, pipelines, frozen=False)
    found: dict[str, dict[str, tuple[str, ...]]] = {one: {} for one in made}
    failures = []
    for done, question in enumerate(judged.questions, 1):
        for outcome in search_each(made, question.text, frozen=False):
            if outcome.trace is None:
                failures.append(f"{question.id} by {outcome.name}: {outcome.problem}")
                continue
            last = ranking(outcome.trace.stages[-1], judged.unit)
            found[outcome.name][question.id] = last.items[:DEPTH]
        advance(done, len(judged.questions), "questions", on_progress, stop)
    ranked = tuple(q for q in judged.questions if all(q.id in of for of in found.values()))
    if not ranked:
        reason = f": {failures[0]}" if failures else ""
        raise RanklensError(f"no question of {name!r} could be ranked by every pipeline{reason}")
    kept = {one: {q.id: of[q.id] for q in ranked} for one, of in found.items()}
    return ComparedRankings(name, judged.collection, ranked, kept, tuple(failures))


def useful(
    library: Library, compared: ComparedRankings, most: int = 1,
    skipped: Collection[tuple[str, str]] = (),
) -> list[UsefulPassage]:  # fmt: skip
    """Return the passages whose judgement is most useful with what people have judged so far.

    ``skipped`` are (question id, passage id) pairs to leave out. Passages that are not in the
    library any more are left out too.
    """
    order = JudgingOrder(list(compared.rankings.values()), _grades(library, compared))
    best = order.best(most, skipped)
    words = {question.id: question for question in compared.questions}
    there = library.index.catalogue.fetch([one.item for one in best])
    return [
        UsefulPassage(words[one.question], there[one.item], reason(one), one.weight, one.chance)
        for one in best
        if one.item in there
    ]


def reason(one: UsefulJudgement) -> str:
    """Return why a judgement is useful, in a sentence that favours nobody."""
    known = "no relevant passage yet" if one.first else "a relevant passage already"
    return (
        f"The pipelines put this passage at different places: if it is relevant, their nDCG@10 for "
        f"this question moves apart by up to {min(one.weight, 1.0):.2f}. Of passages at such "
        f"places about {one.chance:.0%} are relevant, and this question has {known}."
    )


def left(library: Library, compared: ComparedRankings) -> int:
    """Return how many passages are not judged whose grade could move the comparison."""
    grades = _grades(library, compared)
    return JudgingOrder(list(compared.rankings.values()), grades).left


def standings(library: Library, compared: ComparedRankings) -> list[ComparisonStanding]:
    """Return how every other pipeline stands against the first one, corrected together.

    Questions without a relevant passage so far are left out, as on the Measure page.
    """
    grades = _grades(library, compared)
    judged = {q for q, given in grades.items() if any(grade > 0 for grade in given.values())}
    scores = {
        name: per_question({q: of[q] for q in of if q in judged}, grades, [PRIMARY])[PRIMARY]
        for name, of in compared.rankings.items()
    }
    first, *others = scores
    found = compare([(scores[first], scores[name]) for name in others])
    return [
        ComparisonStanding(first, name, difference)
        for name, difference in zip(others, found, strict=True)
    ]


def summary(library: Library, compared: ComparedRankings) -> Iterator[str]:
    """Yield how the comparison stands, in sentences."""
    for standing in standings(library, compared):
        yield standing.sentence
    waiting = left(library, compared)
    yield (
        f"{plural(waiting, 'passage is', 'passages are')} left whose grade could move this. Those "
        "that move it most come first, so a difference looks larger than it is until most are "
        "judged."
        if waiting
        else "Every passage whose grade could move this is judged."
    )


def outside(library: Library, compared: ComparedRankings, most: int = 10) -> dict[str, Any]:
    """Return what to judge next and how the comparison stands, as JSON's own types."""
    return {
        "set": compared.name,
        "next": [
            {
                "question": asdict(one.question),
                "passage": {
                    "id": one.passage.id,
                    "document": one.passage.document,
                    "start": one.passage.start,
                    "end": one.passage.end,
                    "text": one.passage.text,
                },
                "why": one.why,
                "weight": one.weight,
                "chance": one.chance,
            }
            for one in useful(library, compared, most)
        ],
        "standing": list(summary(library, compared)),
        "failures": list(compared.failures),
    }


def _grades(library: Library, compared: ComparedRankings) -> Grades:
    grades, unit, _ = judged_sets.graded(library, compared.questions)
    if grades and unit == "document":
        raise RanklensError(WHOLE_DOCUMENTS)
    return grades
