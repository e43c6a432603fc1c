"""Question sets, judgements and votes, as one visitor may see and change them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from rag.errors import NotThere, RanklensError, Refused
from rag.evaluate.data import Question
from rag.evaluate.judgements.carrying import Carried
from rag.evaluate.judgements.question_sets import Guidelines
from rag.evaluate.judgements.record import PEOPLE, SOURCES, Judgement, Source, same_words
from rag.evaluate.judgements.store import JudgementStore
from rag.evaluate.judgements.votes import Vote
from rag.store.collections import DEFAULT
from rag.store.membership import DEFAULT_ID
from rag.types import Chunk
from ranklens import policy
from ranklens.members.catalogue import MemberCatalogue
from ranklens.members.rights import Part, Rights

_BROUGHT = " (imported by "


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
        """Return judgements, oldest first: of the bytes that can be seen, and one's own."""
        held, rights = self._rights.library.judgements, self._rights
        if rights.visitor.sees_all:
            return held.all(question, document, sources)
        held.refresh()
        found = [one for one in held.all(question, document, sources) if rights.sees(one.document)]
        if not found:
            return []
        bytes_of = {(one.name, one.digest) for one in rights.library.index.catalogue.ready()}
        return [
            one
            for one in found
            if (one.document, one.digest) in bytes_of or _owner(one) == rights.account
        ]

    def refresh(self) -> Carried:
        """Carry judgements over to the present versions of their documents."""
        return self._rights.library.judgements.refresh()

    def part(self) -> None:
        """Refuse: the library does it when documents are removed."""
        raise Refused(policy.refusal("part"))

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
        source: Source = "person", requested_by: str = "",
    ) -> Judgement:  # fmt: skip
        """Keep a grade under the visitor's own name, or that of the model that proposed it.

        The visitor requested the model's, whoever ``requested_by`` names.
        """
        self._may_judge([chunk.document])
        account = self._rights.account
        judge, requested_by = (judge, account) if source == "llm" else (account, "")
        return self._rights.library.judgements.grade(
            question, chunk, grade, judge, note, source, requested_by
        )

    def add(self, made: Iterable[Judgement]) -> int:
        """Keep judgements as the visitor's own; an admin may bring back those of others.

        A model's stay a model's, with the name of who brings them behind its own; who brings them
        requested them. An admin's file may name others who did.
        """
        held, account = list(made), self._rights.account
        self._may_judge({one.document for one in held})
        if not self._rights.visitor.is_admin:
            held = [
                replace(one, judge=_brought(one, account), requested_by=account) for one in held
            ]
        elif others := sorted({one.judge for one in held} - {account}):
            self._rights.note("brought back judgements of", ", ".join(others)[:500])
        held = [replace(one, requested_by=one.requested_by or account) for one in held]
        return self._rights.library.judgements.add(held)

    def remove(self, judgement_id: int) -> bool:
        """Delete a judgement: one's own, or as an editor of the document's collections.

        A model's belongs to who requested it; if that is not known, to everybody who may judge.
        """
        found = next((one for one in self.all() if one.id == judgement_id), None)
        if found is None:
            return False
        if _owner(found) not in ("", self._rights.account):
            self._rights.with_document("remove", found.document)
        self._may_judge([found.document])
        return self._remove(found)

    def remove_all(self, question: str, source: Source) -> int:
        """Delete the visitor's own judgements of a question and source.

        A model's too that the visitor requested, or of which nobody knows who did.
        """
        own = [one for one in self.all(question, sources=[source])
               if _owner(one) in ("", self._rights.account)]  # fmt: skip
        if source == "llm":
            self._may_judge({one.document for one in own})
        return sum(self._remove(one) for one in own)

    def _remove(self, one: Judgement) -> bool:
        if _owner(one) != self._rights.account:
            by = f" (requested by {one.requested_by})" if one.requested_by else ""
            about = f"{one.judge}{by} on {one.document}: {one.question}"
            self._rights.note("removed a judgement of", about[:500])
        return self._rights.library.judgements.remove(one.id)

    def _may_judge(self, documents: Iterable[str]) -> None:
        for name in documents:
            self._rights.refuse_hidden([name])
            ids = self._rights.library.collections.ids_of_document(name) & self._rights.ids
            if not any(self._rights.may("judge", [one]) for one in ids):
                raise Refused(policy.refusal("judge"))


def _owner(one: Judgement) -> str:
    """Return the account that a judgement belongs to, "" if that is not known."""
    return one.requested_by if one.source == "llm" else one.judge


def _brought(one: Judgement, account: str) -> str:
    if one.source != "llm":
        return account
    return f"{one.judge.partition(_BROUGHT)[0]}{_BROUGHT}{account})"


def _text(one: Judgement) -> tuple[str, str, int, int]:
    return one.question, one.document, one.start, one.end


class MemberVotes(Part):
    """Votes on passages that a visitor sees, all of them; each votes in its own name."""

    def all(self) -> list[Vote]:
        """Return the votes, oldest first."""
        held: list[Vote] = self._beneath().all()
        if self._rights.visitor.sees_all:
            return held
        ids = {key for vote in held for key in vote.passages}
        live = self._rights.library.index.catalogue.fetch(sorted(ids))
        seen = {key for key, chunk in live.items() if self._rights.sees(chunk.document)}
        account = self._rights.account
        return [
            one
            for one in held
            if one.voter == account or (one.passages and seen.issuperset(one.passages))
        ]

    def add(self, vote: Vote) -> Vote:
        """Keep a vote on passages that the visitor may judge."""
        self._rights.require("vote")
        live = self._rights.library.index.catalogue.fetch(vote.passages)
        if len(live) < len(set(vote.passages)):
            raise NotThere("a passage of this vote is not in the library any more")
        for name in {chunk.document for chunk in live.values()}:
            self._refuse_unjudged(name)
        return self._beneath().add(replace(vote, voter=self._rights.account))  # type: ignore[no-any-return]

    def _refuse_unjudged(self, document: str) -> None:
        held = self._rights.library.collections.ids_of_document(document)
        if not self._rights.sees(document):
            raise NotThere("a passage of this vote is not in the library any more")
        if not any(self._rights.may("vote", [one]) for one in held & self._rights.ids):
            raise Refused(policy.refusal("vote"))

    def remove(self, ids: Iterable[int]) -> int:
        """Delete votes: one's own, or any as an editor of all collections."""
        wanted, account = set(ids), self._rights.account
        found = [one for one in self.all() if one.id in wanted]
        if any(one.voter != account for one in found):
            self._rights.require("make collections")
        return self._beneath().remove([one.id for one in found])  # type: ignore[no-any-return]
