import statistics
import time
from dataclasses import replace

import pytest

from rag.chat.store import Conversations
from rag.store.catalogue import Catalogue
from rag.types import Answer
from rag.watch.entry import StageTime, entry_of
from rag.watch.log import DAY, QuestionLog
from tests.between import before
from tests.rag.watch.made import NOW, entry, trace_of


@pytest.fixture
def engine(database):
    catalogue = Catalogue(database)
    yield catalogue.engine
    catalogue.close()


@pytest.fixture
def log(engine):
    return QuestionLog(engine, days=36500)


def test_an_entry_holds_what_its_trace_says():
    made = entry_of(trace_of(), "page", NOW, turn=3)
    assert made.ranking == pytest.approx(0.112)  # dense and lexical run side by side
    assert made.asked == pytest.approx(NOW - 0.612)
    assert made.to_first_token == pytest.approx(0.312)
    assert made.total == pytest.approx(0.612)
    assert (made.reranker, made.pool, made.turn) == ("scripted", 50, 3)
    assert (made.pairs, made.cache_hits, made.tokens, made.cost) == (4, 1, 137, 0.75)
    assert made.stages[3] == StageTime("reranked", 0.1)
    assert (made.fell_back, made.refused, made.error) == ("", False, "")


def test_an_entry_costs_nothing_where_nobody_was_called_and_is_not_known_without_a_price():
    called, answer = trace_of(answered=False), Answer("Red.", (), "llm", False, 0.5)
    free = replace(called, stages=called.stages[:3])
    assert entry_of(free, "page", NOW).cost == 0.0
    unknown = replace(answer, details={"prompt_tokens": 100, "completion_tokens": 7})
    assert entry_of(called.with_answer(unknown), "page", NOW).cost is None


def test_an_entry_says_what_fell_back_and_why():
    made = entry_of(trace_of(fell_back=True, answered=False), "command line", NOW)
    assert made.fell_back == "reranked: the server is away"
    assert (made.refused, made.answering, made.to_first_token) == (None, None, None)


def test_what_is_kept_comes_back_as_it_was(log):
    first, second = entry(0), entry(5, liked=None, cost=None, refused=None)
    for one in (second, first):
        log.add(one)
    found = log.entries()
    assert [replace(one, id=0) for one in found] == [first, second]
    assert log.entries(since=NOW + 1) == [found[1]]
    assert log.entries(until=NOW + 5) == [found[0]]


def test_older_questions_are_forgotten_when_the_log_opens(engine):
    log = QuestionLog(engine, days=36500)
    now = time.time()
    for days in (0, 29, 31):
        log.add(replace(entry(), asked=now - days * DAY))
    assert len(QuestionLog(engine, days=30).entries()) == 2


def test_older_questions_are_forgotten_now_and_then(engine, monkeypatch):
    log = QuestionLog(engine, days=30)
    old = replace(entry(), asked=time.time() - 31 * DAY)
    log.add(old)
    assert len(log.entries()) == 1  # it has just looked
    monkeypatch.setattr(time, "time", lambda real=time.time: real() + 3700)
    log.add(replace(old, asked=time.time()))
    assert len(log.entries()) == 1


def test_everything_can_be_forgotten(log):
    log.add(entry())
    log.add(entry(9))
    assert log.forget() == 2
    assert log.entries() == []


def test_what_is_forgotten_is_not_left_in_the_files(tmp_path):
    catalogue = Catalogue(tmp_path / "catalogue.sqlite")
    log = QuestionLog(catalogue.engine, days=36500)
    secret = "who is to be dismissed in the autumn?"
    log.add(entry(question=secret))
    for number in range(200):  # some questions fill pages of their own
        log.add(entry(number, question=f"{secret} " * (number % 50)))
    assert secret.encode() in b"".join(one.read_bytes() for one in tmp_path.iterdir())
    log.forget()
    assert secret.encode() not in b"".join(one.read_bytes() for one in tmp_path.iterdir())
    catalogue.close()


def test_a_thumb_is_kept_with_the_question_and_taken_back(engine, log):
    kept = Conversations(engine)
    turn = kept.add(kept.start("red"), "is it red?", trace_of())
    log.add(entry(turn=turn.id))
    versions = [log.version()]
    for liked in (True, False, None):
        kept.judge(turn.id, liked)
        assert log.entries()[0].liked is liked
        versions.append(log.version())
    assert len(set(versions)) == 3  # the last is the first


def test_a_deleted_conversation_takes_the_words_along_and_leaves_the_figures(engine, log):
    kept = Conversations(engine)
    chat, other = kept.start("red"), kept.start("blue")
    for key, question in ((chat, "is it red?"), (other, "is it blue?")):
        turn = kept.add(key, question, trace_of(question))
        log.add(entry(turn=turn.id, question=question, liked=True))
    kept.remove(chat)
    gone, there = log.entries()
    assert (gone.question, gone.turn, gone.liked, gone.ranking) == ("", None, True, there.ranking)
    assert there.question == "is it blue?"
    assert log.questions() == [("is it blue?", 1)]


def test_words_of_a_conversation_that_was_deleted_meanwhile_are_not_kept(log):
    log.add(entry(turn=99))
    assert (log.entries()[0].question, log.entries()[0].turn) == ("", None)


def test_words_are_not_kept_where_the_conversation_goes_while_they_are_written(engine, log):
    kept = Conversations(engine)
    chat = kept.start("red")
    turn = kept.add(chat, "is it red?", trace_of())
    before(engine, "INSERT INTO question_log", lambda: kept.remove(chat))
    log.add(entry(turn=turn.id))
    assert (log.entries()[0].question, log.entries()[0].turn) == ("", None)


def test_questions_come_with_counts_the_most_frequent_first_then_the_newest(log):
    for at, question in enumerate(("a?", "b?", "b?", "c?")):
        log.add(entry(at, question=question))
    assert log.questions() == [("b?", 2), ("c?", 1), ("a?", 1)]
    assert log.questions(most=1) == [("b?", 2)]


def test_keeping_a_question_takes_no_time_to_speak_of(engine):
    log, trace = QuestionLog(engine, days=90), trace_of()
    spent = []
    for _ in range(100):
        started = time.perf_counter()
        log.add(entry_of(trace, "page", time.time()))
        spent.append(time.perf_counter() - started)
    assert statistics.median(spent) < 0.01  # about 0.5 ms; the machines of others are slow
