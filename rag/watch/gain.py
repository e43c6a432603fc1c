"""What reranking was worth for questions that were really asked, as far as they are judged.

nDCG@10 of the reranked order minus that of the order it was given, by the metrics of
`rag.evaluate`. Counted are logged questions whose trace is kept, that people have judged with a
relevant passage, that were reranked without falling back, and whose rankings hold a judged passage
(after another chunking they hold none).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from rag.chat.store import Conversations
from rag.evaluate.experiments.side_by_side import ranking
from rag.evaluate.judgements.record import same_words
from rag.evaluate.judgements.store import JudgementStore, Qrels
from rag.evaluate.measures.metrics import PRIMARY, per_question
from rag.store.catalogue import Catalogue
from rag.types import Trace
from rag.watch.entry import Entry

MOST = 500  # newest judged questions that are looked at; each costs a trace to be read
RERANKED = "reranked"

_Known = tuple[tuple[int, int, float], dict[int, float | None]]
_known: WeakKeyDictionary[Engine, _Known] = WeakKeyDictionary()
_knowing = threading.Lock()


def gains(entries: Iterable[Entry], catalogue: Catalogue) -> dict[int, float]:
    """Return turn → gain (-1 to 1), remembered until a judgement changes."""
    judgements = JudgementStore(catalogue)
    now = judgements.version()  # before anything is read: what changes meanwhile is read again
    asked = judgements.judged_questions()
    wanted = [entry for entry in entries if _counts(entry) and same_words(entry.question) in asked]
    with _knowing:
        version, known = _known.get(catalogue.engine, (None, {}))
        if version != now:
            known = {}
        turns = {entry.turn: entry for entry in wanted[-MOST:] if entry.turn is not None}
        new = [entry for turn, entry in turns.items() if turn not in known]
        if new:
            known |= _worked_out(new, judgements, Conversations(catalogue.engine))
        _known[catalogue.engine] = (now, known)
        return {turn: gain for turn in turns if (gain := known.get(turn)) is not None}


def gain_of(trace: Trace, judged: Qrels, question: str) -> float | None:
    """Return what reranking was worth to one trace; None where nothing can be said."""
    grades = judged.grades.get(question, {})
    names = [stage.name for stage in trace.stages]
    if RERANKED not in names[1:] or not any(grade > 0 for grade in grades.values()):
        return None
    place = names.index(RERANKED)
    items = {
        name: ranking(trace.stages[at], judged.unit).items
        for name, at in (("before", place - 1), ("after", place))
    }
    if not grades.keys() & {item for ranked in items.values() for item in ranked}:
        return None
    values = per_question(items, dict.fromkeys(items, grades), [PRIMARY])[PRIMARY]
    return values["after"] - values["before"]


def _counts(entry: Entry) -> bool:
    ran = [stage for stage in entry.stages if stage.name == RERANKED]
    return entry.turn is not None and bool(ran) and not ran[0].fell_back


def _worked_out(
    entries: Iterable[Entry], judgements: JudgementStore, kept: Conversations
) -> Mapping[int, float | None]:
    words = {entry.turn: same_words(entry.question) for entry in entries if entry.turn is not None}
    judged = judgements.qrels(sorted(set(words.values())))
    found: dict[int, float | None] = {}
    for turn_id, question in words.items():
        turn = kept.turn(turn_id)
        found[turn_id] = gain_of(turn.trace, judged, question) if turn else None
    return found
