import pytest

from rag.errors import RerankError
from rag.inspect import why
from rag.rerank import table
from rag.rerank.base import Entry
from tests.fakes import OverlapReranker, make_chunk
from tests.rag.rerank.fakes import Counted, Scripted

TEXT = "Mars is red. The moon is grey. Tides rise."


def test_the_terms_sum_to_the_score_that_the_stage_gave(pipeline):
    trace = pipeline.search("mars moons?")
    for hit in trace.stage("lexical").hits:
        found = why.terms(pipeline, trace.question, hit.chunk)
        assert found.score == pytest.approx(hit.score)
        assert found.total == pytest.approx(hit.score)
        assert [term.adds for term in found.terms] == sorted(t.adds for t in found.terms)[::-1]


def test_a_term_is_told_by_the_question_s_word_and_one_that_is_not_there_adds_nothing(
    pipeline, chunks
):
    found = why.terms(pipeline, "Orbits, moon, tides?", chunks["t1"])
    told = [(t.term, t.word, t.there) for t in found.terms]
    assert told == [("tide", "tides", True), ("orbit", "Orbits", False), ("moon", "moon", True)]
    # Three of six passages hold "moon": BM25Okapi gives it no weight.
    assert found.terms[0].adds > 0
    assert [t.adds for t in found.terms[1:]] == pytest.approx([0.0, 0.0])
    assert why.terms(pipeline, "the", chunks["t1"]).terms == ()


def test_heat_is_the_best_cosine_of_each_token(pipeline, chunks):
    chunk = chunks["m2"]
    found = why.heat(pipeline, "mars", chunk)
    strengths = {chunk.passage[m.start : m.end]: m.strength for m in found}
    assert strengths["mars"] == pytest.approx(1.0)
    assert strengths["moon"] == pytest.approx(0.0)


def test_ablation_finds_the_sentence_that_the_score_rests_on(pipeline):
    # Three words are shared: mars and red in the first sentence, moon in the second.
    found = why.ablation(pipeline, "mars moon red", make_chunk("x", TEXT))
    assert (found.reranker, found.score, found.untried) == ("overlap", 3.0, 0)
    assert [one.cost for one in found.sentences] == [2.0, 1.0, 0.0]
    assert TEXT[found.costliest.start : found.costliest.end] == "Mars is red."


def test_one_sentence_has_nothing_to_leave_out_and_nothing_is_costliest(pipeline):
    found = why.ablation(pipeline, "mars", make_chunk("x", "Mars is red."))
    assert (found.sentences, found.costliest) == ((), None)
    assert why.ablation(pipeline, "sun", make_chunk("x", TEXT)).costliest is None


def test_long_passages_are_tried_up_to_a_bound(pipeline, monkeypatch):
    counted = Counted()
    monkeypatch.setitem(table.TABLE, "overlap", Entry("overlap", "", lambda _context: counted))
    text = " ".join(f"Sentence number {n} is here." for n in range(40))
    found = why.ablation(pipeline, "mars", make_chunk("x", text))
    assert len(found.sentences) == why.MOST_SENTENCES
    assert found.untried == 40 - why.MOST_SENTENCES
    assert [len(texts) for _, texts in counted.asked] == [why.MOST_SENTENCES + 1]


def test_of_a_combination_the_part_that_ranks_last_is_asked(pipeline, monkeypatch):
    monkeypatch.setitem(table.TABLE, "twice", Entry("twice", "", lambda _context: Twice()))
    combined = pipeline.with_settings(reranker="cascade:overlap>twice")
    assert why.ablation(combined, "mars", make_chunk("x", TEXT)).score == 2.0


def test_orders_and_failures_are_refused_in_words(pipeline, monkeypatch):
    chunk = make_chunk("x", TEXT)
    with pytest.raises(RerankError, match="no reranker that scores single texts"):
        why.ablation(pipeline.with_settings(reranker="none"), "mars", chunk)
    for name, made in (("orders", Counted(listwise=True)), ("broken", Scripted(ValueError("no")))):
        entry = Entry(name, "", lambda _context, made=made: made)
        monkeypatch.setitem(table.TABLE, name, entry)
    with pytest.raises(RerankError, match="no reranker that scores single texts"):
        why.ablation(pipeline.with_settings(reranker="orders"), "mars", chunk)
    with pytest.raises(RerankError, match="broken failed"):
        why.ablation(pipeline.with_settings(reranker="broken"), "mars", chunk)


class Twice(OverlapReranker):
    def score(self, query, texts):
        return [2 * score for score in super().score(query, texts)]
