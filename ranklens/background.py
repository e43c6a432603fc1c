"""The use cases that run as jobs of a library: what takes long.

Each raises `LibraryError` while another job of the library runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import PurePath
from typing import IO, TYPE_CHECKING, Any

from rag.errors import LibraryError, NotThere, RanklensError
from rag.evaluate.progress import advance
from rag.settings import from_visitor
from ranklens import (
    advising,
    comparison,
    evaluations,
    exchange,
    fitting,
    folders,
    graded_answers,
    judged_sets,
    judging,
    learning,
    measuring,
    models,
    question_sets,
    samples,
    speeds,
    sweeping,
    tuning,
)
from ranklens.jobs import Job, Work

if TYPE_CHECKING:
    from ingest.progress import FileOutcome, IndexingProgress
    from rag.evaluate.data import Question
    from rag.settings import Settings
    from rag.store.verifying import IndexReport
    from ranklens.judged_sets import JudgedSet
    from ranklens.library import Library
    from ranklens.measuring import Variants

MEASURE, FIT, ADVISE, PROPOSE, WRITE = "measure", "fit", "advise", "propose", "write"
PULL, ADD, VERIFY, REBUILD, SPEED = "pull", "add", "verify", "rebuild", "speed"
SAMPLES = "samples"
LEARN, TUNE, SWEEP = "learn", "tune", "sweep"
RANK, IMPORT, ANSWERS = "rank", "import", "answers"


def measure(
    judged: JudgedSet, pipelines: Variants, *, one_pool: bool = False, answers: bool = False
) -> Job:
    """Measure pipelines; the result is an `Evaluation`, which the library keeps."""

    def work(job: Job) -> measuring.Evaluation:
        evaluation = measuring.measure(
            judged, pipelines, one_pool=one_pool, answers=answers, on_progress=job.advance,
            stop=job.stop,
        )  # fmt: skip
        evaluations.keep(judged.library, evaluation, judged.collection)
        return evaluation

    made_of = {**_of(judged), "pipelines": pipelines, "one_pool": one_pool, "answers": answers}
    return _started(judged.library, MEASURE, judged.name, work, arguments=made_of)


def fit(judged: JudgedSet, pipeline: str, options: Mapping[str, Any], *, blend: bool) -> Job:
    """Fit a pipeline of these options; the result is a `Fit`."""

    def work(job: Job) -> fitting.Fit:
        return fitting.fit(judged, options, blend=blend, on_progress=job.advance, stop=job.stop)

    made_of = {**_of(judged), "pipeline": pipeline, "options": options, "blend": blend}
    what = f"Fitting {pipeline} on {judged.name}"
    return _started(judged.library, FIT, what, work, arguments=made_of)


def advise(judged: JudgedSet, wishes: advising.AdviceWishes) -> Job:
    """Work out whether reranking is worth it; the result is an `Advice`.

    Raises `SettingsError` if a visitor may not name these rerankers or pools.
    """
    advising.check_visitor(judged.library.settings, wishes)

    def work(job: Job) -> advising.Advice:
        return advising.advice(judged, wishes, on_progress=job.advance, stop=job.stop)

    made_of = {**_of(judged), "wishes": asdict(wishes)}
    return _started(judged.library, ADVISE, f"Advice on {judged.name}", work, arguments=made_of)


def learn(judged: JudgedSet, options: Mapping[str, Any], others: Sequence[str] = ()) -> Job:
    """Learn a reranker; the result is a `LearningReport`, its version kept in the library.

    Raises `SettingsError` if a visitor may not name one of the ``others``.
    """
    for name in others:
        from_visitor(judged.library.settings, {"reranker": name})

    def work(job: Job) -> learning.LearningReport:
        return learning.learn(
            judged, options, others=others, on_progress=job.advance, stop=job.stop
        )

    return _started(judged.library, LEARN, f"Learning from {judged.name}", work)


def sweep(judged: JudgedSet, wishes: sweeping.SweepWishes) -> Job:
    """Sweep options on a judged set; the result is a `SweepOutcome`, kept in the library.

    Raises `SettingsError` if a visitor may not try one of them.
    """
    sweeping.plan_of(judged, wishes)

    def work(job: Job) -> sweeping.SweepOutcome:
        return sweeping.sweep(judged, wishes, on_progress=job.advance, stop=job.stop)

    made_of = {**_of(judged), "wishes": {**asdict(wishes), "again": False}}
    what = f"Sweep on {judged.name}"
    return _started(judged.library, SWEEP, what, work, "searches", made_of)


def rank_all(library: Library, name: str, pipelines: Variants, collection: str = "") -> Job:
    """Rank a set's questions by every pipeline; the result is a `ComparedRankings`."""

    def work(job: Job) -> comparison.ComparedRankings:
        return comparison.rank_all(library, name, pipelines, collection, job.advance, job.stop)

    return _started(library, RANK, f"Ranking the questions of {name}", work)


def ranked(library: Library, job_id: str) -> comparison.ComparedRankings:
    """Return what a job has ranked; raises `NotThere` if it was another job, or is of before."""
    done = job(library, job_id)
    if done.kind != RANK:
        raise NotThere(f"the job {job_id!r} has ranked no questions")
    result(done)
    compared: comparison.ComparedRankings = done.result
    return compared


def tune(judged: JudgedSet, options: Mapping[str, Any], wishes: tuning.TuningWishes) -> Job:
    """Tune a cross-encoder; the result is a `TuningReport`, its version kept in the library.

    Raises `SettingsError` if a visitor may not name the base, `ModelError` if it cannot be tuned.
    """
    tuning.check(judged.library.settings, wishes, visitor=True)

    def work(job: Job) -> tuning.TuningReport:
        return tuning.tune(judged, options, wishes, on_progress=job.advance, stop=job.stop)

    made_of = {**_of(judged), "options": options, "wishes": asdict(wishes)}
    return _started(judged.library, TUNE, f"Tuning on {judged.name}", work, "steps", made_of)


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

    return _started(library, PROPOSE, f"{settings.llm_model} grades {name}", work)


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

    return _started(library, ANSWERS, f"{settings.llm_model} grades answers to {name}", work)


def write_questions(library: Library, settings: Settings, document: str, count: int) -> Job:
    """Let a model write questions from a document; the result is a `QuestionsWritten`."""
    judging.check_model(settings)

    def work(job: Job) -> question_sets.QuestionsWritten:
        return question_sets.write_questions(
            library, settings, document, count, job.advance, job.stop
        )

    return _started(library, WRITE, f"{settings.llm_model} reads {document}", work, "passages")


def pull(library: Library, name: str) -> Job:
    """Download a model from the hub; the result is its full name."""

    def work(job: Job) -> str:
        def report(_model: str, progress: models.Progress) -> None:
            job.advance(progress.done, progress.total)

        return models.pull(name, report, job.stop)[0]

    return _started(library, PULL, f"Downloading {name}", work, "bytes")


def add_folder(library: Library, folder: str, password: str = "", collection: str = "") -> Job:
    """Queue the files of a folder that the owner allows; the result is each file's outcome.

    They are put into ``collection``, if it is named. Raises `NotThere` if the owner does not, or if
    there is no such collection.
    """
    folders.root_of(library.settings, folder)
    if collection:
        library.collections.id_of(collection)

    def work(job: Job) -> list[FileOutcome]:
        return folders.add_folder(library, folder, password, job.advance, job.stop, collection)

    return _started(library, ADD, f"Adding the folder {PurePath(folder).name}", work, "files")


def verify(library: Library) -> Job:
    """Check the indexes against the catalogue; the result is an `IndexReport`."""

    def work(job: Job) -> IndexReport:
        return library.verify(
            lambda done, total: advance(done, total, "searches", job.advance, job.stop)
        )

    return _started(library, VERIFY, "Checking the indexes", work, "searches")


def rebuild(library: Library) -> Job:
    """Make the indexes again from the catalogue, to the end; the result is an `IndexReport`."""

    def work(job: Job) -> IndexReport:
        return library.rebuild(job.advance)

    return _started(library, REBUILD, "Making the indexes again", work, "chunks")


def measure_speeds(library: Library, names: Sequence[str]) -> Job:
    """Measure how fast models are on this machine; the result has each model's `ModelSpeed`."""

    def work(job: Job) -> dict[str, speeds.ModelSpeed]:
        found = {}
        for done, name in enumerate(names):
            job.advance(done, len(names))
            found[name] = speeds.measure(library.settings, name, job.stop)
        return found

    made_of = {"names": list(names)}
    return _started(library, SPEED, "Measuring speed", work, "models", made_of)


def add_samples(library: Library) -> Job:
    """Add the sample library, its documents first; the result is how many were added."""

    def work(job: Job) -> int:
        outcomes = samples.add_documents(library, stop=job.stop)
        if not job.stop.is_set():
            samples.add_questions(library)
        return len(outcomes)

    return _started(library, SAMPLES, "Adding the sample library", work, "documents", {})


def again(library: Library, interrupted: Job) -> Job:
    """Start a job that was interrupted again, with what it was started with.

    Raises `NotThere` if that was not written down (`Job.arguments`), or is not there any more.
    """
    made_of = interrupted.arguments
    if made_of is None or interrupted.kind not in _AGAIN:
        raise NotThere("what this job was started with was not written down")
    return _AGAIN[interrupted.kind](library, made_of)


def _judged(library: Library, made_of: Mapping[str, Any]) -> JudgedSet:
    return judged_sets.question_set(
        library, made_of["set"], folders=False, collection=made_of["collection"]
    )


_AGAIN: Mapping[str, Callable[[Library, Mapping[str, Any]], Job]] = {
    MEASURE: lambda library, a: measure(
        _judged(library, a), a["pipelines"], one_pool=a["one_pool"], answers=a["answers"]
    ),
    FIT: lambda library, a: fit(_judged(library, a), a["pipeline"], a["options"], blend=a["blend"]),
    ADVISE: lambda library, a: advise(
        _judged(library, a), advising.AdviceWishes(**_with_tuples(a["wishes"]))
    ),
    TUNE: lambda library, a: tune(
        _judged(library, a), a["options"], tuning.TuningWishes(**_with_tuples(a["wishes"]))
    ),
    SWEEP: lambda library, a: sweep(_judged(library, a), sweeping.SweepWishes(**a["wishes"])),
    SPEED: lambda library, a: measure_speeds(library, a["names"]),
    SAMPLES: lambda library, _: add_samples(library),
}


def _with_tuples(wishes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(v) if isinstance(v, list) else v for name, v in wishes.items()}


def _of(judged: JudgedSet) -> dict[str, str]:
    return {"set": judged.name, "collection": judged.collection}


def import_dataset(
    library: Library, uploads: Sequence[tuple[str, IO[bytes]]], name: str = ""
) -> Job:
    """Add a data set from uploaded files, (name, content); the result is an `ImportedDataset`.

    Without a name it is called as the archive, or as the first file.
    """
    called = " ".join(name.split()) or PurePath(uploads[0][0]).name.split(".")[0] or "dataset"
    held = ExitStack()
    path = held.enter_context(exchange.uploaded(uploads))

    def work(job: Job) -> exchange.ImportedDataset:
        def report(progress: IndexingProgress) -> None:
            job.advance(progress.documents_done, progress.documents_total)

        with held:
            return exchange.import_dataset(library, path, called, on_progress=report, stop=job.stop)

    try:
        return _started(library, IMPORT, f"Importing {called}", work, "documents")
    except LibraryError:
        held.close()
        raise


def keep_drafts(
    library: Library, job_id: str, name: str, chosen: Sequence[int] | None = None
) -> tuple[str, int]:
    """Keep questions that a job wrote, by their places from 0; returns the set and how many.

    Raises `NotThere` if there is no such job or place, `LibraryError` while it runs.
    """
    written = job(library, job_id)
    result(written)
    if written.kind != WRITE:
        raise NotThere(f"the job {job_id!r} has written no questions")
    drafts = written.result.written
    places = range(len(drafts)) if chosen is None else chosen
    if any(not 0 <= place < len(drafts) for place in places):
        raise NotThere(f"the job wrote {len(drafts)} questions; they count from 0")
    return question_sets.keep_drafts(library, name, written.result, [drafts[p] for p in places])


def job(library: Library, job_id: str) -> Job:
    """Return a job by its id; raises `NotThere` if it is not among the last hundred."""
    if found := library.jobs.by_id(job_id):
        return found
    raise NotThere(f"there is no job {job_id!r}; the last hundred are kept")


def result(job: Job) -> dict[str, Any]:
    """Return a job's result as JSON's own types, for other programs.

    Raises `LibraryError` while it runs, and `RanklensError` with its reason if it failed.
    """
    if job.running:
        raise LibraryError("the job is still running")
    if job.error:
        raise RanklensError(job.error)
    if job.earlier:
        raise NotThere(
            "this process has no result of that job: another one ran it, this one was started "
            "again, or a later job of its kind took its place; `/v1/evaluations` has what was "
            "measured"
        )
    if job.kind not in _FORMS:
        raise NotThere(f"a job of the kind {job.kind!r} has no result for other programs")
    return _FORMS[job.kind](job.result)


def _fit_form(found: fitting.Fit) -> dict[str, Any]:
    summary = [{"part": p.title, "choice": p.choice, "worth": p.worth} for p in found.summary()]
    names = ("name", "options", "questions", "seconds", "failed")
    return {
        **{name: getattr(found, name) for name in names},
        "parts": found.parts(),
        "summary": summary,
    }


_FORMS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    MEASURE: lambda evaluation: measuring.outside(measuring.figures_of(evaluation)),
    FIT: _fit_form,
    ADVISE: advising.outside,
    LEARN: learning.outside,
    SWEEP: sweeping.outside,
    RANK: asdict,
    IMPORT: asdict,
    TUNE: tuning.outside,
    ANSWERS: graded_answers.outside,
    PROPOSE: asdict,
    WRITE: asdict,
    PULL: lambda name: {"model": name},
    ADD: lambda outcomes: {"outcomes": [asdict(one) for one in outcomes]},
    VERIFY: asdict,
    REBUILD: asdict,
    SPEED: lambda found: {"speeds": {name: asdict(speed) for name, speed in found.items()}},
}


def _started(
    library: Library, kind: str, what: str, work: Work, unit: str = "questions",
    arguments: Mapping[str, Any] | None = None,
) -> Job:  # fmt: skip
    started = library.jobs.start(kind, what, work, unit, arguments)
    if started is None:
        raise LibraryError("the library is busy with another job; wait for it, or stop it")
    return started
