import math

import pytest

from rag.chat.store import Conversations
from rag.evaluate.judgements.store import JudgementStore, Qrels
from rag.watch.entry import entry_of
from rag.watch.gain import RerankGains, gain_of
from rag.watch.log import QuestionLog
from tests.between import before
from tests.rag.watch.made import NOW, trace_of
from tests.ui.fakes import ALL, catalogue_of
from tests.ui.fakes import trace_of as page_trace

SECOND = 1 / math.log2(3)  # discount of rank 2


def judged(**grades):
    return Qrels({"is it red?": {letter * 32: g for letter, g in grades.items()}}, "passage")


def test_a_relevant_passage_that_rose_to_the_top_is_a_gain():
    assert gain_of(trace_of(), judged(b=1), "is it red?") == pytest.approx(1 - SECOND)
    assert gain_of(trace_of(), judged(a=1), "is it red?") == pytest.approx(SECOND - 1)
    assert gain_of(trace_of(), judged(c=1), "is it red?") == 0


def test_nothing_is_said_without_relevant_passages_or_where_none_is_among_the_ranked():
    assert gain_of(trace_of(), judged(b=0), "is it red?") is None
    assert gain_of(trace_of(), judged(b=1), "is it blue?") is None
    assert gain_of(trace_of(), judged(z=1), "is it red?") is None


def test_gains_of_the_log_follow_the_judgements():
    catalogue = catalogue_of(("field-guide.pdf", "maintenance.md", "warranty & returns.html"))
    kept, log = Conversations(catalogue.engine), QuestionLog(catalogue.engine, 36500)
    gains = RerankGains(JudgementStore(catalogue), kept)
    trace = page_trace("which batteries?")
    turn = kept.add(kept.start("b"), trace.question, trace)
    log.add(entry_of(trace, "page", NOW, turn.id))
    log.add(entry_of(page_trace("another one?"), "command line", NOW))
    assert gains.of(log.entries()) == {}
    JudgementStore(catalogue).grade("which batteries?", ALL[10], 3, "me")
    # Fused fifth, reranked first.
    expected = 1 - 1 / math.log2(6)
    assert gains.of(log.entries()) == {turn.id: pytest.approx(expected)}
    JudgementStore(catalogue).grade("which batteries?", ALL[10], 0, "me")
    assert gains.of(log.entries()) == {}
    catalogue.close()


def test_a_judgement_made_while_gains_are_worked_out_is_not_missed():
    catalogue = catalogue_of(("field-guide.pdf", "maintenance.md", "warranty & returns.html"))
    kept, judgements = Conversations(catalogue.engine), JudgementStore(catalogue)
    gains = RerankGains(judgements, kept)
    trace = page_trace("which batteries?")
    turn = kept.add(kept.start("b"), trace.question, trace)
    entries = [entry_of(trace, "page", NOW, turn.id)]
    judgements.grade("which batteries?", ALL[10], 3, "me")
    before(  # the judgements are read by now, and this turn comes last
        catalogue.engine,
        "SELECT turns",
        lambda: judgements.grade("which batteries?", ALL[10], 0, "me"),
    )
    assert gains.of(entries)
    assert gains.of(entries) == {}
    catalogue.close()


def test_what_fell_back_is_no_gain_of_a_reranker():
    catalogue = catalogue_of(("field-guide.pdf",))
    kept = Conversations(catalogue.engine)
    trace = trace_of(fell_back=True)
    turn = kept.add(kept.start("b"), trace.question, trace)
    JudgementStore(catalogue).grade(trace.question, ALL[0], 3, "me")
    gains = RerankGains(JudgementStore(catalogue), kept)
    assert gains.of([entry_of(trace, "page", NOW, turn.id)]) == {}
    catalogue.close()
