"""`MemberLibrary`: what a `Library` is to one visitor. A name that is not here is refused.

Pages, routes, tools and the use cases below them get it in place of the library. It has the same
functions; each asks `ranklens.policy` with the visitor's rights of that moment.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from rag.chat.store import Conversations
from rag.errors import Refused
from rag.pipeline import Pipeline
from ranklens import policy
from ranklens.evaluation_use_cases import EvaluationUseCases
from ranklens.members.catalogue import MemberIndex
from ranklens.members.collections import MemberCollections
from ranklens.members.documents import MemberDocuments
from ranklens.members.judged import MemberJudgements, MemberQuestionSets, MemberVotes
from ranklens.members.managed import MemberKeys, MemberSaved, MemberShares
from ranklens.members.records import (
    MemberAlerts,
    MemberEvaluations,
    MemberInterleavings,
    MemberJobs,
    MemberLog,
    MemberSources,
    MemberTags,
    MemberTraces,
)
from ranklens.members.rights import Part, Rights
from ranklens.policy import Role, Visitor

if TYPE_CHECKING:
    from ranklens.library import Library

# Use cases that rest on the other parts alone, and the action that each is.
_USE_CASES: Mapping[str, str] = MappingProxyType(
    {
        "search": "ask",
        "ask": "ask",
        "start_answer": "ask",
        "compare": "ask",
        "rerank": "ask",
        "embed": "ask",
        "judge": "judge",
        "pipeline_in": "ask",
        "_pipeline": "ask",
        "_nothing_to_ask": "ask",
        "_log": "ask",
    }
)
# What shows nothing of a document, and is the same for everybody.
_SAME = frozenset({"settings", "given", "encoder", "embedder"})
_PARTS: Mapping[str, type[Part]] = MappingProxyType(
    {
        "collections": MemberCollections,
        "question_sets": MemberQuestionSets,
        "votes": MemberVotes,
        "evaluations": MemberEvaluations,
        "interleavings": MemberInterleavings,
        "jobs": MemberJobs,
        "keys": MemberKeys,
        "recent_traces": MemberTraces,
        "question_log": MemberLog,
        "saved": MemberSaved,
        "shares": MemberShares,
        "tags": MemberTags,
        "sources": MemberSources,
        "alert_watch": MemberAlerts,
    }
)


class MemberLibrary(MemberDocuments):
    """A library for one account. Made anew for each request and each run of a page."""

    def __init__(
        self, library: Library, account: str, most: Role = Role.ADMIN,
        still: Callable[[], bool] = lambda: True,
    ) -> None:  # fmt: skip
        self.rights = Rights(library, account, most, still)

    @property
    def visitor(self) -> Visitor:
        """Who it is for, with the rights of now."""
        return self.rights.visitor

    @property
    def reader(self) -> tuple[Hashable, ...]:
        """Who sees what of which library."""
        return id(self.rights.library), self.rights.account, self.rights.ids

    def note(self, action: str, what: str) -> None:
        """Write into the audit log what the visitor did, who could."""
        self.rights.note(action, what)

    def refresh_settings(self) -> None:
        """Let what other processes have saved hold, whoever asks."""
        self.rights.library.refresh_settings()

    @property
    def whole(self) -> Library:
        """The library itself, for an administrator who changes it for everybody."""
        self.rights.require("settings")
        return self.rights.library

    @property
    def index(self) -> Any:
        """What can be searched: the whole only for who may see every collection."""
        if self.visitor.sees_all:
            return self.rights.library.index
        return MemberIndex(self.rights, lambda: self.rights.library.index)

    @property
    def pipeline(self) -> Pipeline:
        """The library's pipeline over what can be searched."""
        return self.rights.library.pipeline.over(self.index)

    @property
    def conversations(self) -> Conversations:
        """The account's own conversations, in collections that it sees."""
        engine = self.rights.library.index.catalogue.engine
        return Conversations(engine, self.rights.account, self.rights.ids)

    @property
    def judgements(self) -> MemberJudgements:
        """Judgements of documents that can be seen."""
        return MemberJudgements(self.rights, self.index.catalogue)

    @property
    def writings(self) -> Any:
        """Answers that are being written: reached by turns that can be seen."""
        return self.rights.library.writings

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "rights":
            raise AttributeError(name)
        library = self.rights.library
        if name in _PARTS:
            return _PARTS[name](self.rights, lambda: getattr(library, name))
        if name in _SAME:
            return getattr(library, name)
        if action := _USE_CASES.get(name):
            self.rights.require(action)
            return getattr(EvaluationUseCases, name).__get__(self)
        if self.visitor.is_admin:
            return getattr(library, name)
        raise Refused(policy.refusal(name))


def member_of(
    library: Library, account: str, most: Role = Role.ADMIN,
    still: Callable[[], bool] = lambda: True,
) -> Library:  # fmt: skip
    """Return a library as an account may see and change it; functions take it as they take one.

    It ends once it is not ``still`` that account's.
    """
    return cast("Library", MemberLibrary(library, account, most, still))
