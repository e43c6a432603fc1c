"""The use cases on questions and judgements that run as jobs of a library: what takes long.

Those that add to a library or look after it are in `ranklens.upkeep`. Each raises `LibraryError`
while another job of the library runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rag.settings import from_visitor
from ranklens import (
    advising,
    comparison,
    evaluations,
    fitting,
    graded_answers,
    judging,
    learning,
    measuring,
    question_sets,
    sweeping,
    tuning,
)
from ranklens.job_kinds import (
    ADVISE,
    ANSWERS,
    FIT,
    LEARN,
    MEASURE,
    PROPOSE,
    RANK,
    SWEEP,
    TUNE,
    WRITE,
    start,
)  # fmt: skip
from ranklens.jobs import Job, Work

if TYPE_CHECKING:
    from rag.evaluate.data import Question
    from rag.settings import Settings
    from ranklens.judged_sets import JudgedSet
    from ranklens.library import Library
    from ranklens.measuring import Variants


def measure(
    judged: JudgedSet, pipelines: Variants, *, one_pool: bool = False, answers: bool = False
) -> Job:
    """Measure pipelines; the result is an `Evaluation`, which the library keeps."""

    def work(job: Job) -> measuring.Evaluation:
        evaluation = measuring.measure(
            judged, pipelines, one_pool=one_pool, answers=answers, on_progress=job.advance,
            stop=job.stop,
        )  # fmt: skip
        job.confirm()
        evaluations.keep(judged.library, evaluation, judged.collection)
        return evaluation

    made_of = {"pipelines": pipelines, "one_pool": one_pool, "answers": answers}
    return _on_set(judged, MEASURE, judged.name, work, made_of)


def fit(judged: JudgedSet, pipeline: str, options: Mapping[str, Any], *, blend: bool) -> Job:
    """Fit a pipeline of these options; the result is a `Fit`."""

    def work(job: Job) -> fitting.Fit:
        return fitting.fit(judged, options, blend=blend, on_progress=job.advance, stop=job.stop)

    made_of = {"pipeline": pipeline, "options": options, "blend": blend}
    return _on_set(judged, FIT, f"Fitting {pipeline} on {judged.name}", work, made_of)


def advise(judged: JudgedSet, wishes: advising.AdviceWishes) -> Job:
    """Work out whether reranking is worth it; the result is an `Advice`.

    Raises `SettingsError` if a visitor may not name these rerankers or pools.
    """
    advising.check_visitor(judged.library.settings, wishes)

    def work(job: Job) -> advising.Advice:
        return advising.advice(judged, wishes, on_progress=job.advance, stop=job.stop)

    return _on_set(judged, ADVISE, f"Advice on {judged.name}", work, {"wishes": asdict(wishes)})


def learn(judged: JudgedSet, options: Mapping[str, Any], others: Sequence[str] = ()) -> Job:
    """Learn a reranker; the result is a `LearningReport`, its version kept in the library.

    Raises `SettingsError` if a visitor may not name one of the ``others``.
    """
    for name in others:
        from_visitor(judged.library.settings, {"reranker": name})

    def work(job: Job) -> learning.LearningReport:
        return learning.learn(
            judged, options, others=others, on_progress=job.advance, stop=job.stop,
            before_keeping=job.confirm,
        )  # fmt: skip

    return start(judged.library, LEARN, f"Learning from {judged.name}", work)


def sweep(judged: JudgedSet, wishes: sweeping.SweepWishes) -> Job:
    """Sweep options on a judged set; the result is a `SweepOutcome`, kept in the library.

    Raises `SettingsError` if a visitor may not try one of them.
    """
    sweeping.plan_of(judged, wishes)

    def work(job: Job) -> sweeping.SweepOutcome:
        return sweeping.sweep(
            judged, wishes, on_progress=job.advance, stop=job.stop, before_keeping=job.confirm
        )

    made_of = {"wishes": {**asdict(wishes), "again": False}}
    return _on_set(judged, SWEEP, f"Sweep on {judged.name}", work, made_of, "searches")


def tune(judged: JudgedSet, options: Mapping[str, Any], wishes: tuning.TuningWishes) -> Job:
    """Tune a cross-encoder; the result is a `TuningReport`, its version kept in the library.

    Raises `SettingsError` if a visitor may not name the base, `ModelError` if it cannot be tuned.
    """
    tuning.check(judged.library.settings, wishes, visitor=True)

    def work(job: Job) -> tuning.TuningReport:
        return tuning.tune(
            judged, options, wishes, on_progress=job.advance, stop=job.stop,
            before_keeping=job.confirm,
        )  # fmt: skip

    made_of = {"options": options, "wishes": asdict(wishes)}
    return _on_set(judged, TUNE, f"Tuning on {judged.name}", work, made_of, "steps")


def rank_all(library: Library, name: str, pipelines: Variants, collection: str = "") -> Job:
    """Rank a set's questions by every pipeline; the result is a `ComparedRankings`."""

    def work(job: Job) -> comparison.ComparedRankings:
        return comparison.rank_all(library, name, pipelines, collection, job.advance, job.stop)

    return start(library, RANK, f"Ranking the questions of {name}", work)


def propose_grades(
    library: Library, settings: Settings, pipelines: Variants, name: str,
    questions: Sequence[Question], depth: int,
) -> Job:  # fmt: skip
    """Let a model grade the pools of a set's questions; the result is a `CallsOutcome`."""
    judging.check_model(settings)
    collection = library.question_sets.collection_of(name)

    def work(job: Job) -> judging.CallsOutcome:
        return judging.propose_grades(
            library, settings, pipelines, questions, depth, job.advance, job.stop, collection
        )

    return start(library, PROPOSE, f"{settings.llm_model} grades {name}", work)


def grade_answers(
    library: Library, settings: Settings, name: str, options: Mapping[str, Any],
    limit: int | None = None,
) -> Job:  # fmt: skip
    """Let a model grade the answers to a set's questions; the result is an `AnswersGraded`."""
    judging.check_model(settings)

    def work(job: Job) -> graded_answers.AnswersGraded:
        return graded_answers.grade_set(
            library, settings, name, options, limit, job.advance, job.stop
        )

    return start(library, ANSWERS, f"{settings.llm_model} grades answers to {name}", work)


def write_questions(library: Library, settings: Settings, document: str, count: int) -> Job:
    """Let a model write questions from a document; the result is a `QuestionsWritten`."""
    judging.check_model(settings)

    def work(job: Job) -> question_sets.QuestionsWritten:
        return question_sets.write_questions(
            library, settings, document, count, job.advance, job.stop
        )

    return start(library, WRITE, f"{settings.llm_model} reads {document}", work, "passages")


def _on_set(
    judged: JudgedSet, kind: str, what: str, work: Work, made_of: Mapping[str, Any],
    unit: str = "questions",
) -> Job:  # fmt: skip
    """Start a job on a judged set, which can be started again with what it is made of."""
    arguments = {"set": judged.name, "collection": judged.collection, **made_of}
    return start(judged.library, kind, what, work, unit, arguments)
