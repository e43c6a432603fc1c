import pytest

from rag.errors import ModelError, RerankError
from rag.models.cross import Judged
from rag.rerank.cross_encoder import CrossEncoder


class WordOverlap:
    """A cross-encoder whose logit is the number of shared words; it reads five words."""

    name = revision = engine = "overlap"
    max_tokens, follows_instruction = 5, False

    def judge(self, pools, instruction=""):
        self.instruction = instruction
        return [self._judged(query, texts) for query, texts in pools]

    def _judged(self, query, texts):
        if len(query.split()) > 4:
            raise ModelError("the question has too many tokens")
        words = [text.split() for text in texts]
        logits = tuple(float(len(set(query.split()) & set(own[:5]))) for own in words)
        read = sum(len(own[:5]) for own in words)
        return Judged(logits, read, sum(len(own) for own in words))


def test_scores_are_the_logits_in_the_order_of_the_texts():
    assert CrossEncoder(WordOverlap()).score("red ice", ["ice", "red ice", "x"]) == [1.0, 2.0, 0.0]


def test_truncation_is_counted():
    scores = CrossEncoder(WordOverlap()).score("ice", ["a b c d e f ice", "ice"])
    assert scores.details == {"tokens_read": 6, "tokens_total": 8}


def test_no_texts_need_no_model():
    assert CrossEncoder(WordOverlap()).score("ice", []) == []


def test_a_question_that_does_not_fit_is_an_error_of_reranking():
    with pytest.raises(RerankError, match="overlap: the question has too many tokens"):
        CrossEncoder(WordOverlap()).score("one two three four five", ["x"])


def test_an_instruction_goes_to_a_model_that_follows_one():
    model = WordOverlap()
    plain = CrossEncoder(model)
    assert plain.instructed("prefer ice") is None
    model.follows_instruction = True
    bound = plain.instructed("prefer ice")
    bound.score("ice", ["ice"])
    assert (model.instruction, bound.model) == ("prefer ice", model)
    assert bound.identity != plain.identity
    plain.score("ice", ["ice"])
    assert model.instruction == ""
