import random
import time

import pytest

from rag.settings import Settings
from rag.watch.entry import StageTime
from rag.watch.figures import ANSWER, FIRST_TOKEN, RANKING, Alert, Rate, alerts, figures, times
from rag.watch.log import QuestionLog
from tests.rag.watch.made import NOW, entry, took
from tests.rag.watch.test_log import engine  # noqa: F401


def over(entries, **changes):
    return figures(entries, NOW, NOW + 100, **changes)


def test_percentiles_of_one_to_a_hundred():
    found = times([took(float(n)) for n in range(100, 0, -1)])
    for name in (RANKING, "reranked"):
        p = found[name]
        assert (p.count, p.p50, p.p95, p.p99) == (100, 50.5, 95.05, pytest.approx(99.01))


def test_first_words_count_from_the_question_and_an_answer_from_its_ranking():
    found = times([took(1.0, first_token=0.5, answering=2.0), took(3.0, first_token=None,
                   answering=None)])  # fmt: skip
    assert (found[FIRST_TOKEN].count, found[FIRST_TOKEN].p50) == (1, 1.5)
    assert (found[ANSWER].count, found[ANSWER].p50) == (1, 2.0)
    assert list(found) == [RANKING, FIRST_TOKEN, "reranked", ANSWER]


def test_rates_count_what_is_known_only():
    found = over([
        entry(0, fell_back="reranked: why", refused=True, liked=False),
        entry(1, refused=False, liked=True, error="gone"),
        entry(2, refused=None, answering=None, liked=None, pairs=6, cache_hits=5, cost=None),
    ])  # fmt: skip
    assert found.rates["fallback"] == Rate(1, 3)
    assert found.rates["refusal"] == Rate(1, 2)
    assert found.rates["failure"] == Rate(1, 2)
    assert found.rates["dislike"] == Rate(1, 2)
    assert found.rates["cache_hit"] == Rate(7, 14)
    assert found.cost is None  # the last one's price is not known
    assert found.tokens == 3 * 137


def test_costs_add_up_where_all_are_known():
    assert over([entry(0), entry(1, cost=0.0), entry(2)]).cost == 1.5


def test_nothing_to_count_is_no_rate():
    found = over([])
    assert (found.questions, found.times, found.cost, found.gain) == (0, {}, None, None)
    assert found.rates["refusal"].share is None
    assert len(found.buckets) == 30


def test_questions_fall_into_the_pieces_of_their_time():
    found = over([took(1.0, 0), took(2.0, 9.9), took(3.0, 10), took(4.0, 99.9), took(9, 100),
                  took(9, -1)], buckets=10)  # fmt: skip
    assert found.questions == 4
    assert [b.questions for b in found.buckets] == [2, 1, 0, 0, 0, 0, 0, 0, 0, 1]
    assert found.buckets[0].times[RANKING].p50 == 1.5
    assert (found.buckets[1].start, found.buckets[1].end) == (NOW + 10, NOW + 20)


def test_the_slowest_come_first():
    found = over([took(s, s) for s in (1.0, 3.0, 2.0)])
    assert [one.ranking for one in found.slowest] == [3.0, 2.0, 1.0]


def test_gains_are_averaged_over_the_judged():
    found = over([entry(0, turn=1), entry(1, turn=2), entry(99, turn=3), entry(2, turn=None)],
                 gains={1: 0.5, 3: -0.25}, buckets=2)  # fmt: skip
    assert (found.gain, found.judged) == (0.125, 2)
    assert [b.gain for b in found.buckets] == [0.5, -0.25]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"alert_rerank_ms": 40}, "Reranking takes 50 ms"),
        (
            {"alert_cost_usd": 0.001},
            "A question costs $0.0020 on average; alert_cost_usd is $0.001",
        ),
        ({"alert_gain": 0.0}, "Reranking gains -0.100 nDCG@10"),
    ],
)
def test_reranking_has_alerts_of_its_own(options, words):
    asked = [entry(n, cost=0.002, turn=n, stages=(StageTime("reranked", 0.05),)) for n in range(12)]
    found = figures(asked, NOW, NOW + 100, gains=dict.fromkeys(range(12), -0.1))
    (alert,) = alerts(found, Settings(**options))
    assert alert.words.startswith(words)
    assert alerts(found, Settings()) == []


def test_an_alert_needs_a_threshold_enough_questions_and_to_be_beyond_it():
    found = over([took(0.2, n, fell_back="x" if n < 3 else "") for n in range(10)])
    assert alerts(found, Settings()) == []
    watched = Settings(alert_p95_ms=150, alert_fallback_rate=0.3, alert_refusal_rate=0.1)
    assert alerts(found, watched) == [Alert("alert_p95_ms", pytest.approx(200.0), 150)]
    assert [a.option for a in alerts(found, watched.updated(alert_fallback_rate=0.29))] == [
        "alert_p95_ms", "alert_fallback_rate"]  # fmt: skip
    few = over([took(0.2, n) for n in range(9)])
    assert alerts(few, watched) == []


def test_ten_thousand_questions_take_seconds_at_most(engine):  # noqa: F811
    log, draw = QuestionLog(engine, days=36500), random.Random(1)
    rows = [entry(draw.uniform(0, 100), ranking=draw.random()) for _ in range(10_000)]
    log.add_all(rows)
    started = time.process_time()
    found = over(log.entries())
    spent = time.process_time() - started
    assert found.questions == 10_000
    assert found.times[RANKING].p50 == pytest.approx(0.5, abs=0.02)
    assert spent < 5  # 0.3 s on an idle machine
