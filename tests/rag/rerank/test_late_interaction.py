import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.models.load import load_encoder
from rag.models.token_codes import token_codes
from rag.rerank.late_interaction import LateInteraction, TokenMatch, max_sim
from rag.settings import Settings

AXES = {"red": (1, 0, 0), "blue": (0, 1, 0), "ice": (0, 0, 1), "pink": (0.8, 0, 0.6)}


class Words:
    """An encoder whose tokens are words with vectors a reader can multiply in the head."""

    name = revision = engine = "words"

    def encode_tokens(self, texts):
        rows = [[AXES[word] for word in text.split()] for text in texts]
        return [np.array(row, dtype=np.float32).reshape(-1, 3) for row in rows]

    def token_spans(self, text):
        starts = [text.index(word) for word in text.split()]
        return [(s, s + len(w)) for s, w in zip(starts, text.split(), strict=True)]


def test_kept_vectors_are_taken_instead_of_encoding_again():
    asked = []

    class Counting(Words):
        def encode_tokens(self, texts):
            asked.extend(texts)
            return super().encode_tokens(texts)

    def kept(texts):
        rows = {text: Words().encode_tokens([text])[0] for text in ("red", "pink blue", "")}
        return [token_codes(3).pack(rows[text]) if text in rows else None for text in texts]

    texts = ["red", "red ice", "pink blue", "", "red"]
    rerank = LateInteraction(Counting(), kept)
    scores = rerank.score("red ice", texts)
    assert asked == ["red ice", "red ice"]  # the question, and the one passage that was not kept
    assert scores.details == {"kept_passages": 3}
    assert scores[1] == pytest.approx(1.0)
    assert (scores[0], scores[3]) == (scores[4], 0.0)
    assert rerank.identity == ""


def test_kept_vectors_give_nearly_the_scores_of_exact_ones(encoder):
    texts = [
        "The rover landed on Mars in 2021 and looks for signs of ancient life.",
        "Net revenue rose by seven percent in the third quarter.",
        "Water ice was found in the soil near the pole.",
    ]
    exact = LateInteraction(encoder).score("where was ice found?", texts)
    packed = [token_codes(384).pack(rows) for rows in encoder.encode_tokens(texts)]
    scores = LateInteraction(encoder, lambda _: list(packed)).score("where was ice found?", texts)
    assert scores == pytest.approx(exact, abs=0.03)


def test_each_word_of_the_question_counts_its_best_match():
    scores = LateInteraction(Words()).score("red ice", ["red ice", "red blue", "pink", "blue"])
    assert scores == pytest.approx([1.0, 0.5, 0.7, 0.0])


def test_texts_and_questions_without_tokens_score_nothing():
    rerank = LateInteraction(Words())
    assert rerank.score("red", ["", "red", ""]) == [0.0, 1.0, 0.0]
    assert rerank.score("", ["red"]) == [0.0]
    assert rerank.score("red", []) == []
    assert rerank.explain("", "red") == rerank.explain("red", "") == []


def test_several_questions_in_one_pass_score_as_one_by_one():
    rerank = LateInteraction(Words())
    asked = [("red ice", ["pink", "blue"]), ("blue", []), ("pink", ["red", "pink"])]
    assert rerank.score_many(asked) == [rerank.score(query, texts) for query, texts in asked]


def test_a_heat_map_gives_each_token_its_best_match():
    matches = LateInteraction(Words()).explain("red ice", "pink blue")
    assert matches == [TokenMatch(0, 4, pytest.approx(0.8)), TokenMatch(5, 9, 0.0)]


@given(st.data())
def test_all_passages_at_once_equal_one_by_one(data):
    seed = data.draw(st.integers(0, 2**32 - 1))
    sizes = data.draw(st.lists(st.integers(0, 9), max_size=8))
    random = np.random.default_rng(seed)
    asked = random.normal(size=(data.draw(st.integers(0, 5)), 4)).astype(np.float32)
    passages = [random.normal(size=(n, 4)).astype(np.float32) for n in sizes]
    expected = [
        float((asked @ p.T).max(axis=1).mean()) if len(asked) and len(p) else 0.0 for p in passages
    ]
    joined = np.concatenate([asked[:0], *passages])
    scores = max_sim(asked, joined, [len(rows) for rows in passages])
    assert scores == pytest.approx(expected, abs=1e-5)


def test_the_embedded_encoder_finds_the_answer(tmp_path):
    rerank = LateInteraction(load_encoder(Settings(cache=tmp_path)))
    texts = ["The cat sat on the mat.", "Curiosity found water ice on Mars.", "Bread is baked."]
    scores = rerank.score("What did the rover find on Mars?", texts)
    assert max(range(3), key=scores.__getitem__) == 1
    assert all(-1 <= score <= 1 for score in scores)
    matches = rerank.explain("rover on Mars", texts[1])
    best = max(matches, key=lambda match: match.strength)
    assert texts[1][best.start : best.end] == "Mars"
