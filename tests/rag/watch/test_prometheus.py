import math
import time
from dataclasses import replace

from prometheus_client.parser import text_string_to_metric_families

from rag.settings import Settings
from rag.watch import prometheus
from rag.watch.log import log_of
from tests.rag.watch.made import entry
from tests.ui.fakes import catalogue_of


def read(text):
    """Return sample name and labels → value, parsed by Prometheus' own client."""
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_a_question_moves_counters_and_histograms():
    before = read(prometheus.rendered(None, None))
    prometheus.observe(entry(origin="test", fell_back="reranked: secret", refused=True))
    after = read(prometheus.rendered(None, None))

    def moved(*name):
        return after[name] - before.get(name, 0)

    assert moved("ranklens_questions_total", "scripted", "test") == 1
    assert moved("ranklens_ranking_seconds_count") == 1
    assert moved("ranklens_stage_seconds_bucket", "0.1", "reranked") == 1
    assert moved("ranklens_stage_seconds_bucket", "0.05", "reranked") == 0
    assert moved("ranklens_answers_total", "refused") == 1
    assert moved("ranklens_tokens_total") == 137
    assert moved("ranklens_cost_usd_total") == 0.75


def test_gauges_tell_of_the_log_and_no_word_of_it():
    catalogue = catalogue_of(("field-guide.pdf",))
    log = log_of(catalogue.engine, 90)
    now = time.time()
    for age in (60, 120, 7200):
        log.add(replace(entry(), asked=now - age, question="a secret question", ranking=0.3))
    text = prometheus.rendered(catalogue, Settings(alert_p95_ms=100, alert_least=2))
    found = read(text)
    assert found["ranklens_logged_questions",] == 3
    assert found["ranklens_recent_questions",] == 2
    assert found["ranklens_recent_seconds", "0.95", "ranking"] == 0.3
    assert found["ranklens_recent_rate", "fallback"] == 0
    assert math.isnan(found["ranklens_recent_rate", "dislike"])
    assert math.isnan(found["ranklens_rerank_gain",])
    assert found["ranklens_alert", "alert_p95_ms"] == 1
    assert found["ranklens_alert", "alert_refusal_rate"] == 0
    assert b"secret" not in text
    catalogue.close()
