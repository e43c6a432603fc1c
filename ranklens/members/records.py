"""What people made in a library, as one visitor may see it: own, or of documents that it sees."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rag.errors import NotThere, RanklensError, Refused
from rag.evaluate.data import Evaluation, Question
from rag.evaluate.experiments.kept import LAST, EvaluationRecord
from rag.evaluate.judgements.question_sets import Guidelines
from rag.evaluate.judgements.record import PEOPLE, SOURCES, Judgement, Source, same_words
from rag.evaluate.judgements.store import Carried, JudgementStore
from rag.evaluate.judgements.votes import Vote
from rag.retrieve.filters import of_settings
from rag.store.accounts import Share, SharedKind
from rag.store.api_keys import ApiKey, KeyScope
from rag.store.collections import DEFAULT
from rag.store.membership import DEFAULT_ID
from rag.types import Chunk, Trace
from rag.watch.entry import LogEntry
from ranklens import policy
from ranklens.jobs import Job, Work
from ranklens.members.documents import MemberCatalogue
from ranklens.members.rights import Part, Rights
from ranklens.policy import Role


class MemberQuestionSets(Part):
    """Question sets of the collections that a visitor sees."""

    def names(self) -> list[str]:
        """Return the names of the sets."""
        return list(self.sizes())

    def sizes(self, collection: str = "") -> dict[str, int]:
        """Return name → number of questions."""
        if collection:
            self._rights.collection(collection)
        found: dict[str, int] = self._beneath().sizes(collection)
        ids = self._rights.ids
        return {name: count for name, count in found.items() if self._place(name) in ids}

    def questions(self, name: str) -> tuple[Question, ...]:
        """Return a set's questions."""
        self._refuse_hidden(name)
        return self._beneath().questions(name)  # type: ignore[no-any-return]

    def collection_of(self, name: str) -> str:
        """Return the collection whose documents a set asks."""
        return self._beneath().collection_of(name) if name in self.names() else ""

    def put(self, name: str, held: Sequence[Question], collection: str = "") -> int:
        """Store a set in place of what had its name."""
        name = same_words(name)
        if name in self._beneath().names():
            self._may_change(name)
        if collection or name not in self._beneath().names():
            self._rights.in_collections("judge", [collection or DEFAULT])
        return self._beneath().put(name, held, collection)  # type: ignore[no-any-return]

    def add(self, name: str, new: Iterable[Question], collection: str = "") -> tuple[str, int]:
        """Add questions to a set, which is made if it is not there."""
        name = same_words(name)
        if name in self._beneath().names():
            self._may_change(name)
        else:
            self._rights.in_collections("judge", [collection or DEFAULT])
        return self._beneath().add(name, new, collection)  # type: ignore[no-any-return]

    def guidelines(self, name: str) -> Guidelines:
        """Return what judges of a set should know."""
        self._refuse_hidden(name)
        return self._beneath().guidelines(name)  # type: ignore[no-any-return]

    def guide(self, name: str, given: Guidelines) -> None:
        """Keep what judges of a set should know."""
        self._may_change(name)
        self._beneath().guide(name, given)

    def delete(self, name: str) -> bool:
        """Delete a set."""
        if name not in self.names():
            return False
        self._may_change(name)
        self._rights.note("deleted the question set", name)
        return bool(self._beneath().delete(name))

    def _place(self, name: str) -> int:
        of: str = self._beneath().collection_of(name)
        return self._rights.library.collections.id_of(of) if of else DEFAULT_ID

    def _refuse_hidden(self, name: str) -> None:
        if name not in self.names():
            raise NotThere(f"there is no question set {name!r}")

    def _may_change(self, name: str) -> None:
        if self._place(name) not in self._rights.ids:
            raise RanklensError(f"the name {name!r} is in use in the library; choose another one")
        self._rights.require("judge", [self._place(name)])


class MemberJudgements(JudgementStore):
    """Judgements of documents that a visitor sees; what it makes has its own name.

    Every public function of the base is here, or rests on `all` alone (`for_chunks`, `qrels`,
    `spans`).
    """

    def __init__(self, rights: Rights, catalogue: MemberCatalogue) -> None:
        super().__init__(rights.library.index.catalogue)
        self._catalogue = catalogue  # type: ignore[assignment]
        self._rights = rights

    def all(
        self, question: str | None = None, document: str | None = None,
        sources: Collection[Source] = SOURCES,
    ) -> list[Judgement]:  # fmt: skip
        """Return judgements, oldest first."""
        found = self._rights.library.judgements.all(question, document, sources)
        return [one for one in found if self._rights.sees(one.document)]

    def refresh(self) -> Carried:
        """Carry judgements over to the present versions of their documents."""
        return self._rights.library.judgements.refresh()

    def version(self) -> tuple[int, int, float]:
        """Return what changes with every judgement."""
        return self._rights.library.judgements.version()

    def judged_questions(self, judge: str = "") -> set[str]:
        """Return the questions that people have judged."""
        found = self.all(sources=PEOPLE)
        if judge:
            found = [one for one in found if one.judge == judge and one.source == "person"]
        return {one.question for one in found}

    def unconfirmed(self, source: Source, judge: str, most: int) -> tuple[int, list[Judgement]]:
        """Return how many texts have a proposal that a judge has not graded, and the first ones."""
        self.refresh()
        own = {_text(one) for one in self.all(sources=["person"]) if one.judge == judge}
        found = {
            _text(one): one
            for one in reversed(self.all(sources=[source]))
            if one.status == "current" and _text(one) not in own
        }
        first = sorted(found.values(), key=lambda one: (one.time, one.id))
        return len(first), first[:most]

    # Changing

    def grade(
        self, question: str, chunk: Chunk, grade: int, judge: str, note: str = "",
        source: Source = "person",
    ) -> Judgement:  # fmt: skip
        """Keep a grade under the visitor's own name, whatever name was given."""
        self._may_judge([chunk.document])
        judge = self._rights.account if source == "person" else judge
        return self._rights.library.judgements.grade(question, chunk, grade, judge, note, source)

    def add(self, made: Iterable[Judgement]) -> int:
        """Keep judgements; those of people are the visitor's own."""
        held = [self._as_own(one) for one in made]
        self._may_judge({one.document for one in held})
        return self._rights.library.judgements.add(held)

    def remove(self, judgement_id: int) -> bool:
        """Delete a judgement: one's own, or as an editor of the document's collections."""
        found = next((one for one in self.all() if one.id == judgement_id), None)
        if found is None:
            return False
        if found.judge != self._rights.account:
            self._rights.with_document("remove", found.document)
        self._may_judge([found.document])
        return self._rights.library.judgements.remove(judgement_id)

    def remove_all(self, question: str, source: Source) -> int:
        """Delete a question's judgements of one source that the visitor sees."""
        found = self.all(question, sources=[source])
        self._may_judge({one.document for one in found})
        return sum(self._rights.library.judgements.remove(one.id) for one in found)

    def _as_own(self, one: Judgement) -> Judgement:
        """Return a judgement in the visitor's name; an admin may bring back those of others."""
        if one.source not in ("person", "import") or self._rights.visitor.is_admin:
            return one
        return replace(one, judge=self._rights.account)

    def _may_judge(self, documents: Iterable[str]) -> None:
        for name in documents:
            self._rights.refuse_hidden([name])
            ids = self._rights.library.collections.ids_of_document(name) & self._rights.ids
            if not any(self._rights.may("judge", [one]) for one in ids):
                raise Refused(policy.refusal("judge"))


def _text(one: Judgement) -> tuple[str, str, int, int]:
    return one.question, one.document, one.start, one.end


class MemberVotes(Part):
    """Votes on passages that a visitor sees, all of them; each votes in its own name."""

    def all(self) -> list[Vote]:
        """Return the votes, oldest first."""
        held: list[Vote] = self._beneath().all()
        if self._rights.visitor.sees_all:
            return held
        ids = {key for vote in held for key in _shown(vote)}
        live = self._rights.library.index.catalogue.fetch(sorted(ids))
        seen = {key for key, chunk in live.items() if self._rights.sees(chunk.document)}
        account = self._rights.account
        return [one for one in held if seen.issuperset(_shown(one)) or one.voter == account]

    def add(self, vote: Vote) -> Vote:
        """Keep a vote."""
        self._rights.require("vote")
        return self._beneath().add(replace(vote, voter=self._rights.account))  # type: ignore[no-any-return]

    def remove(self, ids: Iterable[int]) -> int:
        """Delete votes: one's own, or any as an editor of all collections."""
        wanted, account = set(ids), self._rights.account
        found = [one for one in self.all() if one.id in wanted]
        if any(one.voter != account for one in found):
            self._rights.require("make collections")
        return self._beneath().remove([one.id for one in found])  # type: ignore[no-any-return]


def _shown(vote: Vote) -> tuple[str, ...]:
    return (*vote.left.passages, *vote.right.passages)


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
    """A visitor's own jobs; that another one's runs is all that is known of it."""

    passes = frozenset({"busy"})

    def start(
        self, kind: str, what: str, work: Work, unit: str = "questions",
        arguments: Mapping[str, Any] | None = None,
    ) -> Job | None:  # fmt: skip
        """Start a job; None when one of the library's is running."""
        self._rights.require("measure")
        account = self._rights.account
        return self._beneath().start(kind, what, work, unit, arguments, account)  # type: ignore[no-any-return]

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
        own = job is not None and (visitor.is_admin or (job.owner and job.owner == visitor.account))
        return job if own else None


_SCOPES: Mapping[KeyScope, Role] = {"read": Role.VIEWER, "write": Role.EDITOR, "admin": Role.ADMIN}


def role_of(scope: KeyScope) -> Role:
    """Return the role that a key's scope does not go beyond."""
    return _SCOPES[scope]


class MemberKeys(Part):
    """A visitor's own keys; an admin's list has all."""

    def all(self) -> list[ApiKey]:
        """Return the keys, revoked ones too."""
        visitor = self._rights.visitor
        held: list[ApiKey] = self._beneath().all()
        return [one for one in held if visitor.is_admin or one.account == visitor.account]

    def none(self) -> bool:
        """Whether no key was ever made; with sign-in that opens nothing."""
        return False

    def add(self, name: str, scope: KeyScope = "read", account: str = "") -> tuple[str, ApiKey]:
        """Make a key of the visitor's account; an admin names another account."""
        account = account or self._rights.account
        if account != self._rights.account:
            self._rights.require("people")
        self._rights.require("see")
        if scope == "admin":
            self._rights.require("people")
        made: tuple[str, ApiKey] = self._beneath().add(name, scope, account)
        self._rights.note("made the key", f"{made[1].name} ({scope}) of {account}")
        return made

    def revoke(self, name: str) -> ApiKey:
        """Make a key useless."""
        if not any(one.name == name and not one.revoked for one in self.all()):
            raise NotThere(f"there is no key {name!r} in use")
        self._rights.note("revoked the key", name)
        return self._beneath().revoke(name)  # type: ignore[no-any-return]


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


class MemberSaved(Part):
    """Saved options and model connections: everybody's to read, an admin's to change."""

    passes = frozenset({"options", "connections", "in_use"})

    def save(self, name: str, value: Any) -> None:
        """Save an option's value."""
        self._change("saved the option", name)
        self._beneath().save(name, value)

    def forget(self, name: str) -> None:
        """Forget what was saved of an option."""
        self._change("reset the option", name)
        self._beneath().forget(name)

    def connect(self, one: Any) -> None:
        """Save a model connection."""
        self._change("saved the model connection", f"{one.name}: {one.model}")
        self._beneath().connect(one)

    def disconnect(self, name: str) -> None:
        """Remove a model connection."""
        self._change("removed the model connection", name)
        self._beneath().disconnect(name)

    def _change(self, action: str, what: str) -> None:
        self._rights.require("settings")
        self._rights.note(action, what)


class MemberShares(Part):
    """Links that a visitor made; an admin's list has all."""

    def share(
        self, kind: SharedKind, title: str, target: Mapping[str, Any], collection: str,
        seconds: float,
    ) -> tuple[str, Share]:  # fmt: skip
        """Make a link to something of a collection."""
        key = self._rights.collection(collection)
        self._rights.require("share", [key])
        account = self._rights.account
        made: tuple[str, Share] = self._beneath().share(account, kind, title, target, key, seconds)
        self._rights.note("shared", f"{kind}: {title}")
        return made

    def all(self) -> list[Share]:
        """Return the links, the newest first."""
        visitor = self._rights.visitor
        return self._beneath().shared(None if visitor.is_admin else visitor.account)  # type: ignore[no-any-return]

    def unshare(self, share_id: int) -> Share:
        """Revoke a link."""
        visitor = self._rights.visitor
        owner = None if visitor.is_admin else visitor.account
        gone: Share = self._beneath().unshare(share_id, owner)
        self._rights.note("revoked the link", f"{gone.kind}: {gone.title}")
        return gone

    def followed(self, secret: str) -> Share | None:
        """Return what a link stands for: to anybody with a role somewhere."""
        self._rights.require("see")
        return self._beneath().followed(secret)  # type: ignore[no-any-return]


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


class MemberAlerts(Part):
    """The watch over figures, which every question wakes."""

    passes = frozenset({"after_question"})
