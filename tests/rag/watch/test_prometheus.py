from prometheus_client.parser import text_string_to_metric_families

from rag.watch import prometheus
from tests.rag.watch.made import entry


def read(text):
    """Return sample name and labels → value, parsed by Prometheus' own client."""
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_a_question_moves_counters_and_histograms():
    before = read(prometheus.render())
    prometheus.observe(entry(origin="test", fell_back="reranked: secret", refused=True))
    after = read(prometheus.render())

    def moved(*name):
        return after[name] - before.get(name, 0)

    assert moved("ranklens_questions_total", "scripted", "test") == 1
    assert moved("ranklens_ranking_seconds_count") == 1
    assert moved("ranklens_stage_seconds_bucket", "0.1", "reranked") == 1
    assert moved("ranklens_stage_seconds_bucket", "0.05", "reranked") == 0
    assert moved("ranklens_answers_total", "refused") == 1
    assert moved("ranklens_tokens_total") == 137
    assert moved("ranklens_cost_usd_total") == 0.75
