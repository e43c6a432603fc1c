"""What people made in a library: conversations, question sets, judgements, votes, and the log.

All are tables in the catalogue's file. Each is opened when it is first needed: a command that asks
one question reads no judgements.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import cached_property
from typing import TYPE_CHECKING, Self

from rag.models.encoder import Encoder
from rag.settings import Settings
from rag.store.protocol import Store
from ranklens.policy import OWNER

if TYPE_CHECKING:
    from rag.chat.interleaved import Interleavings
    from rag.chat.store import Conversations
    from rag.chat.writing import Writing
    from rag.evaluate.experiments.kept import EvaluationStore
    from rag.evaluate.judgements.question_sets import QuestionSets
    from rag.evaluate.judgements.store import JudgementStore
    from rag.evaluate.judgements.votes import VoteStore
    from rag.store.accounts import Accounts
    from rag.store.api_keys import ApiKeys
    from rag.store.collections import Collections
    from rag.store.saved_settings import SavedSettings
    from rag.store.shares import Shares
    from rag.store.sources import Sources, Tags
    from rag.watch.gain import RerankGains
    from rag.watch.log import QuestionLog
    from ranklens.alerting import AlertWatch
    from ranklens.embedding import Embedder
    from ranklens.traces import RecentTraces


class Records:
    """The tables of one library that no document can restore."""

    settings: Settings
    index: Store
    encoder: Encoder
    visitor = OWNER
    """Who it is for: a library as a whole is the owner's (`ranklens.members` is for others)."""

    applied = -1
    """The store's version when its settings were put together."""

    @property
    def whole(self) -> Self:
        """The library itself, for what is changed for everybody."""
        return self

    @property
    def collections(self) -> Collections:
        """The parts of the library that questions are asked within."""
        return self.index.collections

    @cached_property
    def conversations(self) -> Conversations:
        """Conversations, and the traces of their questions."""
        from rag.chat.store import Conversations

        return Conversations(self.index.catalogue.engine)

    @cached_property
    def interleavings(self) -> Interleavings:
        """Questions that were ranked by two pipelines at once."""
        from rag.chat.interleaved import Interleavings

        return Interleavings(self.index.catalogue.engine)

    @cached_property
    def writings(self) -> dict[int, Writing]:
        """The answers that are being written, by turn."""
        return {}

    @cached_property
    def question_sets(self) -> QuestionSets:
        """Question sets by name."""
        from rag.evaluate.judgements.question_sets import QuestionSets

        return QuestionSets(self.index.catalogue)

    @cached_property
    def judgements(self) -> JudgementStore:
        """Grades of passages; one object, for it remembers what it has carried over."""
        from rag.evaluate.judgements.store import JudgementStore

        return JudgementStore(self.index.catalogue)

    @cached_property
    def votes(self) -> VoteStore:
        """Blind votes on pairs of pipelines."""
        from rag.evaluate.judgements.votes import VoteStore

        return VoteStore(self.index.catalogue)

    @cached_property
    def evaluations(self) -> EvaluationStore:
        """Every evaluation that was measured here."""
        from rag.evaluate.experiments.kept import EvaluationStore

        return EvaluationStore(self.index.catalogue.engine, self.settings)

    @cached_property
    def keys(self) -> ApiKeys:
        """Keys of the HTTP API."""
        from rag.store.api_keys import ApiKeys

        return ApiKeys(self.index.catalogue.engine)

    @cached_property
    def accounts(self) -> Accounts:
        """Who may use the library, and the log of what they changed."""
        from rag.store.accounts import Accounts

        return Accounts(self.index.catalogue.engine)

    @cached_property
    def shares(self) -> Shares:
        """Links that share one thing."""
        from rag.store.shares import Shares

        return Shares(self.index.catalogue.engine)

    @cached_property
    def sources(self) -> Sources:
        """Folders and addresses that documents come from."""
        from rag.store.sources import Sources

        return Sources(self.index.catalogue.engine)

    @cached_property
    def tags(self) -> Tags:
        """Tags of documents."""
        from rag.store.sources import Tags

        return Tags(self.index.catalogue.engine)

    @property
    def reader(self) -> tuple[Hashable, ...]:
        """For whom something may be kept meanwhile; part of the key of all that is kept."""
        return (id(self),)

    def note(self, action: str, what: str) -> None:
        """Write into the audit log what somebody did; the one person of a library needs none."""

    @cached_property
    def given(self) -> Settings:
        """The settings that the library was opened with, without what is saved in it."""
        return self.settings

    @cached_property
    def saved(self) -> SavedSettings:
        """Options and connections to language models that the owner saved."""
        from rag.store.saved_settings import SavedSettings

        return SavedSettings(self.index.catalogue.engine)

    @cached_property
    def embedder(self) -> Embedder:
        """Encodes texts of other programs; one object, so that callers who wait share passes."""
        from ranklens.embedding import Embedder

        return Embedder(self.encoder, self.settings)

    @cached_property
    def recent_traces(self) -> RecentTraces:
        """The traces of the last questions of other programs, by id."""
        from ranklens.traces import RecentTraces

        return RecentTraces()

    @cached_property
    def question_log(self) -> QuestionLog:
        """Every question that was asked, for as long as the settings keep it."""
        from rag.watch.log import QuestionLog

        return QuestionLog(self.index.catalogue.engine, self.settings.log_days)

    @cached_property
    def alert_watch(self) -> AlertWatch:
        """Sends alerts when figures of the last hour go beyond their thresholds."""
        from ranklens import monitoring
        from ranklens.alerting import AlertWatch

        return AlertWatch(lambda: self.settings, lambda: monitoring.alerts_of_the_hour(self))

    @cached_property
    def rerank_gains(self) -> RerankGains:
        """What reranking was worth for logged questions; remembers what it has worked out."""
        from rag.watch.gain import RerankGains

        return RerankGains(self.judgements, self.conversations)
