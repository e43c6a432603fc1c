"""What is known of a candidate, worked by hand."""

import numpy as np
import pytest

from rag.models.token_codes import token_codes
from rag.rerank.base import Context
from rag.rerank.features import FEATURES, features
from rag.rerank.late_interaction import LateInteraction
from rag.rerank.run import Rerankers
from rag.settings import Settings
from rag.types import Candidate, normalised
from tests.fakes import WordEncoder, make_chunk


def rows(query, *pool, document="d.txt"):
    """Features by name, a value for each candidate: (text, dense, BM25, more of the chunk)."""
    candidates = [
        Candidate(
            make_chunk(f"c{n}", text, more.pop("document", document), **more), dense, lexical, 0
        )
        for n, (text, dense, lexical, more) in enumerate(pool)
    ]
    found = features(query, candidates, LateInteraction(WordEncoder()), Settings())
    assert found.shape == (len(pool), len(FEATURES))
    assert np.isfinite(found).all()
    return dict(zip(FEATURES, found.T.round(6).tolist(), strict=True))


def test_scores_are_normalised_and_places_count_ties_as_one():
    found = rows("mars", ("mars", 0.9, 0.0, {}), ("sun", 0.1, 2.0, {}), ("moon", 0.5, 2.0, {}))
    assert found["dense"] == [1.0, 0.0, 0.5]
    assert found["lexical"] == [0.0, 1.0, 1.0]
    assert found["fused"] == [0.0, 0.0, 0.0]
    assert found["dense_place"] == pytest.approx([1, 1 / 3, 1 / 2], abs=1e-6)
    assert found["lexical_place"] == pytest.approx([1 / 3, 1, 1], abs=1e-6)


def test_words_pairs_and_headings_are_shares_of_the_question():
    found = rows(
        "Where is the mars probe orbit?",
        ("The mars probe left.", 0, 0, {}),
        ("Probes and an orbit.", 0, 0, {"heading": ("Mars", "Orbits")}),
        ("Nothing.", 0, 0, {"document": "mars.txt"}),
    )
    assert found["named"] == pytest.approx([0, 1, 1 / 2], abs=1e-6)
    assert found["words"] == pytest.approx([2 / 3, 2 / 3, 0], abs=1e-6)
    assert found["pairs"] == pytest.approx([1 / 2, 1 / 2, 0])
    assert found["heading"] == pytest.approx([0, 2 / 3, 1 / 3], abs=1e-6)


def test_a_rare_match_counts_more_than_one_that_all_have():
    found = rows("mars orbit", ("mars", 0, 0, {}), ("mars", 0, 0, {}), ("orbit", 0, 0, {}))
    assert found["maxsim"] == [0.0, 0.0, 0.0]  # one of two tokens each
    assert found["rare"] == [0.0, 0.0, 1.0]
    assert found["worst"] == [0.0, 0.0, 0.0]


def test_the_best_window_is_where_the_words_stand_together():
    filler = "tide " * 100
    together, apart = f"mars orbit {filler}", f"mars {filler} orbit"
    found = rows("mars orbit", (together, 0, 0, {}), (apart, 0, 0, {}))
    assert found["maxsim"] == [0.0, 0.0]  # both have both words
    assert found["window"] == [1.0, 0.0]
    assert found["length"] == [0.0, 0.0]


def test_other_passages_of_a_document_support_it():
    found = rows(
        "mars", ("mars", 0, 0, {"document": "a"}), ("tide", 0, 0, {"document": "a"}),
        ("moon", 0, 0, {"document": "b"}),
    )  # fmt: skip
    of_mars, of_tide, alone = found["document"]
    assert (alone, of_tide) == (0.0, 1.0)  # beside the tide's passage stands that of mars
    assert 0 < of_mars < 1


@pytest.mark.parametrize("query", ["", "?!", "the of"])
@pytest.mark.parametrize("text", ["", " ", "…", "mars"])
def test_what_has_no_words_is_no_fault(query, text):
    rows(query, (text or " ", 0, 0, {}), ("mars", 0, 0, {}))
    assert features(query, [], LateInteraction(WordEncoder()), Settings()).shape == (
        0,
        len(FEATURES),
    )


def test_vectors_that_were_kept_give_the_same_features():
    encoder = WordEncoder()
    texts = ["mars orbit", "tide", "mars"]
    codes = token_codes(encoder.dimension)
    packed = {t: codes.pack(m) for t, m in zip(texts, encoder.encode_tokens(texts), strict=True)}
    kept = LateInteraction(
        encoder, lambda asked: [packed.get(t) if t != "tide" else None for t in asked]
    )
    fresh = LateInteraction(encoder)
    for one, other in zip(
        kept.cosines("mars orbit", [*texts, "mars"]), fresh.cosines("mars orbit", [*texts, "mars"]),
        strict=True,
    ):  # fmt: skip
        assert one.shape == other.shape
        assert np.abs(one - other).max() < 0.5  # two bits a coordinate


@pytest.mark.parametrize("coverage_weights", [True, False])
def test_the_blend_is_that_of_late_interaction(tmp_path, coverage_weights):
    class Foreign(WordEncoder):
        def coverage(self, texts):
            return 0.3

    settings = Settings(
        library=tmp_path, cache=tmp_path, reranker="late-interaction",
        coverage_weights=coverage_weights,
    )  # fmt: skip
    texts = {"a": ("mars orbit", 0.1, 3.0), "b": ("tide", 0.9, 0.0), "c": ("mars", 0.5, 5.0)}
    pool = [Candidate(make_chunk(n, t), d, w, 0.0) for n, (t, d, w) in texts.items()]
    rerankers, encoder = Rerankers(), Foreign()
    stage = rerankers.rank("mars orbit", pool, Context(settings, encoder))
    rerankers.close()
    blend = features("mars orbit", pool, LateInteraction(encoder), settings)[:, 0]
    scores = {hit.chunk.id: hit.score for hit in stage.hits}
    assert blend == pytest.approx(normalised([scores[n] for n in texts]))
