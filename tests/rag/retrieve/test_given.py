"""First-stage scores of texts that are in no library."""

import math

import pytest

from rag.retrieve.given import bm25, candidates


def test_bm25_is_lucene_s_over_these_texts_alone():
    texts = ["mars moon", "moon moon tide tide", "comet"]
    # idf = log(1 + (3 - n + 0.5) / (n + 0.5)); lengths 2, 4, 1; k1 = 1.5, b = 0.75
    mars, moon = math.log(1 + 2.5 / 1.5), math.log(1 + 1.5 / 2.5)

    def part(idf: float, times: int, length: int) -> float:
        return idf * times * 2.5 / (times + 1.5 * (0.25 + 0.75 * length / (7 / 3)))

    expected = [part(mars, 1, 2) + part(moon, 1, 2), part(moon, 2, 4), 0.0]
    assert bm25("mars moons", texts) == pytest.approx(expected)


def test_a_word_of_every_text_still_counts():
    scores = bm25("mars", ["mars orbit far away", "mars mars mars"])
    assert 0 < scores[0] < scores[1]


def test_texts_are_read_in_their_own_language():
    scores = bm25(
        "Wie hoch sind die Häuser der Stadt?", ["Das Haus ist hoch.", "Ein Fluss fließt."]
    )
    assert scores[0] > scores[1] == 0.0


@pytest.mark.parametrize("texts", [[], [""], ["?! …", " "]])
def test_texts_without_words(texts: list[str]):
    assert [one.lexical for one in candidates("mars", texts)] == [0.0] * len(texts)


def test_candidates_keep_the_order_of_the_texts():
    pool = candidates("mars", ["tide", "mars", "tide"])
    assert [(one.chunk.id, one.chunk.passage, one.dense) for one in pool] == [
        ("0", "tide", 0.0), ("1", "mars", 0.0), ("2", "tide", 0.0),
    ]  # fmt: skip
    assert [one.fused for one in pool] == [0.0, -1.0, -2.0]
