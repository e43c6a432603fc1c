"""What reranking was worth for questions that people really asked, as far as they are judged.

nDCG@10 of the reranked order minus that of the order it was given, by the metrics of
`rag.evaluate`. Counted are logged questions whose trace is kept, that people have judged with a
relevant passage, that were reranked without falling back, and whose rankings hold a judged passage
(after another chunking they hold none).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from rag.chat.store import Conversations
from rag.evaluate.data import ranking
from rag.evaluate.judgements.record import same_words
from rag.evaluate.judgements.store import JudgementStore, Qrels
from rag.evaluate.measures.metrics import PRIMARY, per_question
from rag.types import StageName, Trace
from rag.watch.entry import LogEntry

MOST = 500  # newest judged questions that are looked at; each costs a trace to be read


class RerankGains:
    """The gains of one library's logged questions, remembered until a judgement changes."""

    def __init__(self, judgements: JudgementStore, conversations: Conversations) -> None:
        self._judgements = judgements
        self._conversations = conversations
        self._version: object = None
        self._known: dict[int, float | None] = {}
        self._knowing = threading.Lock()

    def of(self, entries: Sequence[LogEntry]) -> dict[int, float]:
        """Return turn → gain (-1 to 1) of those entries that have one."""
        # Read before everything else, so that what changes meanwhile is read again.
        version = self._judgements.version()
        judged = self._judgements.judged_questions()
        wanted = {
            entry.turn: same_words(entry.question)
            for entry in entries
            if entry.turn is not None and _reranked(entry) and same_words(entry.question) in judged
        }
        wanted = dict(list(wanted.items())[-MOST:])
        with self._knowing:
            if self._version != version:
                self._version, self._known = version, {}
            if new := {turn: words for turn, words in wanted.items() if turn not in self._known}:
                self._look_at(new)
            known = {turn: self._known[turn] for turn in wanted}
        return {turn: gain for turn, gain in known.items() if gain is not None}

    def _look_at(self, questions: dict[int, str]) -> None:
        judged = self._judgements.qrels(sorted(set(questions.values())))
        for turn_id, question in questions.items():
            turn = self._conversations.turn(turn_id)
            self._known[turn_id] = gain_of(turn.trace, judged, question) if turn else None


def gain_of(trace: Trace, judged: Qrels, question: str) -> float | None:
    """Return what reranking was worth to one trace; None if the judgements do not cover it."""
    grades = judged.grades.get(question, {})
    names = [stage.name for stage in trace.stages]
    if StageName.RERANKED not in names[1:] or not any(grade > 0 for grade in grades.values()):
        return None
    place = names.index(StageName.RERANKED)
    items = {
        name: ranking(trace.stages[at], judged.unit).items
        for name, at in (("before", place - 1), ("after", place))
    }
    if not grades.keys() & {item for ranked in items.values() for item in ranked}:
        return None
    values = per_question(items, dict.fromkeys(items, grades), [PRIMARY])[PRIMARY]
    return values["after"] - values["before"]


def _reranked(entry: LogEntry) -> bool:
    ran = [stage for stage in entry.stages if stage.name == StageName.RERANKED]
    return bool(ran) and not ran[0].fell_back
