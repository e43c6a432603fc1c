"""The pipeline over an index whose every score can be worked out by hand."""

import pytest

from rag.errors import LibraryError, RanklensError, SettingsError
from rag.pipeline import Pipeline
from rag.rerank import table
from rag.rerank.base import Entry
from rag.settings import Settings
from rag.store.analyse import Analyser
from rag.store.catalogue import Catalogue
from rag.store.index import Index
from rag.store.inverted import InvertedIndex
from tests.fakes import OverlapReranker, WordEncoder, make_chunk
from tests.rag.store.vector_fakes import ExactStore

ENCODER = WordEncoder()
TEXTS = {
    "m1": "mars mars",
    "m2": "mars and its moon",
    "m3": "the moon in its orbit",
    "s1": "sun",
    "t1": "tide tables of the moon",
    "p1": "a probe to a comet",
}


@pytest.fixture
def index(tmp_path):
    catalogue = Catalogue(tmp_path / "catalogue.sqlite")
    lexical = InvertedIndex.open(tmp_path / "lexical", Analyser("english"))
    made = Index(catalogue, ExactStore(), lexical)
    document = catalogue.add_document("sky.txt", 10, "d")
    catalogue.update_document(document, status="indexing")
    chunks = [make_chunk(name, text, "sky.txt") for name, text in TEXTS.items()]
    made.add(document, 0, chunks, ENCODER.encode([c.passage for c in chunks]))
    made.publish(document, 0.0)
    yield made
    made.close()


@pytest.fixture
def pipeline(index, monkeypatch):
    overlap = Entry("overlap", "", lambda _context: OverlapReranker())
    monkeypatch.setitem(table.TABLE, "overlap", overlap)
    made = Pipeline(index, ENCODER, Settings(reranker="overlap"))
    yield made
    made.close()


def ids(stage):
    return [h.chunk.id for h in stage.hits]


def test_a_question_leaves_four_rankings(pipeline):
    trace = pipeline.search(" mars moon ")
    assert trace.question == "mars moon"
    assert [s.name for s in trace.stages] == ["dense", "lexical", "fused", "reranked"]
    assert all(s.seconds >= 0 for s in trace.stages)
    assert ids(trace.stage("dense"))[0] == "m2"
    assert ids(trace.stage("reranked"))[0] == "m2"
    assert sorted(ids(trace.stage("reranked"))) == sorted(ids(trace.stage("fused")))
    assert trace.answer is None


def test_many_questions_get_the_rankings_that_each_gets_alone(pipeline):
    asked = ["mars moon", "a comet", "the tide"]
    for one in (pipeline, pipeline.with_settings(hops=2), pipeline.with_settings(reranker="none")):
        together = one.search_many(asked)
        alone = [one.search(question) for question in asked]
        assert [t.question for t in together] == asked
        assert [[ids(s) for s in t.stages] for t in together] == [
            [ids(s) for s in t.stages] for t in alone
        ]
        assert [t.settings_digest for t in together] == [t.settings_digest for t in alone]
    assert pipeline.search_many([]) == []


def test_where_the_reranker_fails_the_second_hop_fell_back_too(pipeline, monkeypatch):
    class Broken:
        def score(self, query, texts):
            raise RuntimeError("out of order")

    monkeypatch.setitem(table.TABLE, "broken", Entry("broken", "", lambda _context: Broken()))
    whole = pipeline.with_settings(hops=2).search("mars moon").stages[-1]
    broken = pipeline.with_settings(hops=2, reranker="broken").search("mars moon").stages[-1]
    assert (whole.name, whole.fell_back) == ("second-hop", False)
    assert (broken.name, broken.fell_back) == ("second-hop", True)
    assert "out of order" in broken.note


def test_one_pool_is_ranked_by_several_pipelines(pipeline):
    pool = pipeline.retrieve("mars moon @sky.txt")
    other = pipeline.with_settings(reranker="none", pool=2, hops=2)
    first, second = pipeline.rank(pool), other.rank(pool)
    assert first.stages[:3] == second.stages[:3] == pool.stages
    assert set(ids(first.stage("reranked"))) == set(ids(second.stage("reranked")))
    assert ids(second.stage("reranked")) == [c.chunk.id for c in pool.pool]
    assert second.stages[-1].name == "second-hop"
    assert first.settings["within"] == second.settings["within"]
    again = pipeline.search("mars moon @sky.txt")
    assert ids(again.stages[-1]) == ids(first.stages[-1])
    assert again.settings_digest == first.settings_digest


def test_lexical_returns_only_what_shares_a_word(pipeline):
    assert sorted(ids(pipeline.search("tide").stage("lexical"))) == ["t1"]


def test_the_pool_bounds_each_retriever_and_the_reranker(pipeline):
    trace = pipeline.with_settings(pool=2).search("mars moon")
    assert len(trace.stage("dense").hits) == 2
    assert len(trace.stage("lexical").hits) == 2
    assert ids(trace.stage("reranked")) != []
    assert len(trace.stage("reranked").hits) == 2


def test_a_chunk_that_one_retriever_missed_gets_its_exact_score(pipeline, index):
    seen = []

    class Blended:
        def score(self, query, texts):
            seen.extend(texts)
            return [0.0] * len(texts)

    table.TABLE["overlap"] = Entry("overlap", "", lambda _c: Blended())
    settings = {"reranker": "hybrid:overlap", "blend_dense": 1.0, "blend_lexical": 0.0, "pool": 6}
    trace = pipeline.with_settings(**settings).search("moon")
    vector = ENCODER.encode_query("moon")
    cosines = {
        c.id: float(v @ vector)
        for cs, vs in index.catalogue.live_chunks()
        for c, v in zip(cs, vs, strict=True)
    }
    order = [h.chunk.id for h in trace.stage("reranked").hits]
    assert order == sorted(order, key=lambda name: -cosines[name])
    assert len(seen) == 6


def test_weights_shape_the_fusion(pipeline):
    dense_only = pipeline.with_settings(lexical_weight=0.0).search("moon")
    assert ids(dense_only.stage("fused")) == ids(dense_only.stage("dense"))
    with pytest.raises(SettingsError, match="both 0"):
        pipeline.with_settings(lexical_weight=0.0, dense_weight=0.0).search("moon")


def test_the_first_stage_is_never_overwritten(pipeline):
    trace = pipeline.with_settings(fusion="rrf").search("mars moon")
    fused = {h.chunk.id: h.score for h in trace.stage("fused").hits}
    for hit in trace.stage("reranked").hits:
        assert fused[hit.chunk.id] != hit.score


class Foreigner(WordEncoder):
    """An encoder that only spells the language."""

    def coverage(self, texts):
        self.shown = list(texts)
        return 0.1


def test_dense_retrieval_counts_less_if_the_encoder_hardly_knows_the_language(index):
    encoder = Foreigner()
    pipeline = Pipeline(index, encoder, Settings(reranker="none"))
    fused = pipeline.search("mars moon").stage("fused")
    assert fused.note == "the encoder hardly knows this language: dense weight 0.10"
    assert fused.details == {"coverage": 0.1}
    assert encoder.shown[0] == "mars moon"
    assert set(encoder.shown[1:]) <= set(TEXTS.values())
    lexical = {h.chunk.id: h.score for h in pipeline.search("mars moon").stage("lexical").hits}
    best = fused.hits[0]
    assert 1.0 < best.score <= 1.1
    assert lexical[best.chunk.id] == max(lexical.values())
    plain = pipeline.with_settings(coverage_weights=False).search("mars moon").stage("fused")
    assert plain.note == ""
    assert plain.hits[0].score > 1.1
    pipeline.close()


def test_an_unknown_reranker_is_refused_by_name(pipeline):
    with pytest.raises(SettingsError, match=r"'magic'.*late-interaction"):
        pipeline.with_settings(reranker="magic").search("moon")


@pytest.mark.parametrize("question", ["", "   ", "\n"])
def test_an_empty_question_is_refused(pipeline, question):
    with pytest.raises(RanklensError, match="empty"):
        pipeline.search(question)


def test_a_question_with_no_known_word_still_gives_a_ranking(pipeline):
    trace = pipeline.search("?!")
    assert trace.stage("lexical").hits == ()
    assert len(trace.stage("reranked").hits) == len(TEXTS)


def test_one_retriever_that_fails_leaves_the_other(pipeline, index, monkeypatch):
    def broken(*_):
        raise LibraryError("Chroma is away")

    monkeypatch.setattr(index.vectors, "search", broken)
    trace = pipeline.search("moon")
    assert trace.stage("dense").fell_back
    assert "Chroma is away" in trace.stage("dense").note
    assert sorted(ids(trace.stage("reranked"))) == ["m2", "m3", "t1"]
    monkeypatch.setattr(index.lexical, "search", broken)
    with pytest.raises(LibraryError, match="nothing could be searched"):
        pipeline.search("moon")


def test_chunks_that_are_not_live_take_no_places(pipeline, index):
    hidden = [make_chunk(f"h{i}", "mars moon", "hidden.txt") for i in range(10)]
    document = index.catalogue.add_document("hidden.txt", 1, "h")
    index.add(document, 0, hidden, ENCODER.encode([c.passage for c in hidden]))
    trace = pipeline.with_settings(pool=3).search("mars moon")
    for stage in trace.stages:
        assert not any(name.startswith("h") for name in ids(stage))
    assert len(trace.stage("dense").hits) == 3


def test_equal_settings_give_the_same_digest_and_rankings(pipeline):
    one, other = pipeline.search("mars"), pipeline.search("mars")
    assert one.settings_digest == other.settings_digest
    assert [ids(s) for s in one.stages] == [ids(s) for s in other.stages]


def test_the_answer_is_given_the_evidence(pipeline):
    trace = pipeline.with_settings(top=2).ask("mars moon")
    assert len(trace.evidence) == 2
    given = {h.chunk.id for h in trace.evidence}
    assert {c.chunk_id for c in trace.answer.citations} <= given
