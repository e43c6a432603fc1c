"""What was measured, run and written down in a library: own, or of documents that one sees."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rag.errors import NotThere
from rag.evaluate.data import Evaluation
from rag.evaluate.experiments.kept import LAST, EvaluationRecord
from rag.retrieve.filters import of_settings
from rag.store.collections import DEFAULT
from rag.store.sources import Source, SourceKind
from rag.types import Trace
from rag.watch.entry import LogEntry
from ranklens.jobs import Job, ResultForm, Work
from ranklens.members.rights import Part


class MemberEvaluations(Part):
    """Kept evaluations of the collections that a visitor sees."""

    def all(self) -> list[EvaluationRecord]:
        """Return every record, the newest first."""
        names = set(self._rights.library.collections.by_id().items())
        ids, sees_all = self._rights.ids, self._rights.visitor.sees_all
        seen = {name for key, name in names if key in ids}
        held: list[EvaluationRecord] = self._beneath().all()
        return [one for one in held if sees_all or one.collection in seen]

    def record(self, key: str) -> EvaluationRecord:
        """Return one record by its id, or the newest."""
        held = self.all()
        found = held[:1] if key == LAST else [one for one in held if one.id == key]
        if not found:
            raise NotThere(f"there is no evaluation {key!r} in the library")
        return found[0]

    def rankings(self, key: str) -> Evaluation:
        """Return an evaluation with its rankings."""
        return self._beneath().rankings(self.record(key).id)  # type: ignore[no-any-return]

    def path(self, key: str) -> Any:
        """Return the file of an id's rankings."""
        return self._beneath().path(self.record(key).id)

    def add(self, evaluation: Evaluation, record: EvaluationRecord) -> EvaluationRecord:
        """Keep an evaluation."""
        self._rights.in_collections("measure", [record.collection])
        return self._beneath().add(evaluation, record)  # type: ignore[no-any-return]

    def remove(self, key: str) -> None:
        """Delete an evaluation: an editor's right."""
        found = self.record(key)
        self._rights.in_collections("remove", [found.collection or DEFAULT])
        self._beneath().remove(found.id)
        self._rights.note("deleted the evaluation", f"{found.name} {found.id}")


class MemberInterleavings(Part):
    """Questions that two pipelines ranked at once: written by everybody, read by an admin."""

    passes = frozenset({"add", "open"})

    def all(self) -> Sequence[Any]:
        """Return every question: none, except to an admin."""
        return self._beneath().all() if self._rights.visitor.is_admin else ()


class MemberJobs(Part):
    """A visitor's own jobs; that another one's runs is all that is known of it.

    A result quotes what could be seen when the job began: whoever sees less now has it no more.
    """

    passes = frozenset({"busy"})

    def start(
        self, kind: str, what: str, work: Work, unit: str = "questions",
        arguments: Mapping[str, Any] | None = None, form: ResultForm | None = None,
    ) -> Job | None:  # fmt: skip
        """Start a job; None when one of the library's is running."""
        self._rights.require("measure")
        account, seen = self._rights.account, self._rights.ids
        made: Job | None = self._beneath().start(
            kind, what, work, unit, arguments, form, account, seen
        )
        return made

    def last(self, kind: str) -> Job | None:
        """Return the kind's running or last job, if it is the visitor's."""
        return self._own(self._beneath().last(kind))

    def interrupted(self, kind: str) -> Job | None:
        """Return the kind's last job if the end of the program interrupted it."""
        return self._own(self._beneath().interrupted(kind))

    def by_id(self, job_id: str) -> Job | None:
        """Return the job of that id, if it is the visitor's."""
        return self._own(self._beneath().by_id(job_id))

    def all(self) -> list[Job]:
        """Return the visitor's jobs."""
        return [job for job in self._beneath().all() if self._own(job)]

    def _own(self, job: Job | None) -> Job | None:
        visitor = self._rights.visitor
        if job is None or visitor.is_admin:
            return job
        own = job.owner and job.owner == visitor.account and job.seen <= self._rights.ids
        return job if own else None


class MemberTraces(Part):
    """Traces of a visitor's own last questions to the API."""

    def keep(self, trace: Trace, name: str = "") -> str:
        """Keep a trace and return its id."""
        name = name or uuid.uuid4().hex
        self._beneath().keep(trace, f"{self._rights.account}/{name}")
        return name

    def get(self, name: str) -> Trace:
        """Return the trace of an id, as long as its collection can be seen."""
        try:
            found: Trace = self._beneath().get(f"{self._rights.account}/{name}")
            self._rights.collection(of_settings(found.settings).collection)
        except NotThere:
            raise NotThere(f"there is no trace {name[:40]!r}") from None
        return found


class MemberLog(Part):
    """The question log: everybody's questions are written, an admin reads them."""

    passes = frozenset({"add"})

    def questions(self, *which: Any, **more: Any) -> list[tuple[str, int]]:
        """Return what was asked and how often: nothing, except to an admin."""
        visitor = self._rights.visitor
        return self._beneath().questions(*which, **more) if visitor.is_admin else []

    def entries(self, *which: Any, **more: Any) -> list[LogEntry]:
        """Return the questions of a time: none, except to an admin."""
        visitor = self._rights.visitor
        return self._beneath().entries(*which, **more) if visitor.is_admin else []

    def forget(self, before: float | None = None) -> int:
        """Forget questions: an administrator's right."""
        self._rights.require("see the log")
        self._rights.note("forgot logged questions", "all" if before is None else "older ones")
        return self._beneath().forget(before)  # type: ignore[no-any-return]


class MemberTags(Part):
    """Tags of documents that can be seen."""

    def all(self) -> Mapping[str, Sequence[str]]:
        """Return document → tags."""
        held: Mapping[str, Sequence[str]] = self._beneath().all()
        return {name: own for name, own in held.items() if self._rights.sees(name)}

    def put(self, name: str, tags: Iterable[str]) -> None:
        """Give a document these tags."""
        self._rights.with_document("collect", name)
        self._beneath().put(name, tags)


class MemberSources(Part):
    """Folders and addresses that documents come from: an admin's."""

    def all(self) -> Sequence[Any]:
        """Return every source: none, except to an admin."""
        return self._beneath().all() if self._rights.visitor.is_admin else ()

    def add(self, kind: SourceKind, place: str, label: str) -> Source:
        """Note where documents come from."""
        self._rights.require("settings")
        self._rights.note("imports from", f"{kind}: {place}")
        return self._beneath().add(kind, place, label)  # type: ignore[no-any-return]

    def remove(self, source: Source) -> None:
        """Forget where documents come from."""
        self._rights.require("settings")
        self._rights.note("imports no more from", f"{source.kind}: {source.place}")
        self._beneath().remove(source)


class MemberAlerts(Part):
    """The watch over figures, which every question wakes."""

    passes = frozenset({"after_question"})
