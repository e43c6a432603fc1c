"""A vocabulary that can be read through: how much of a text it knows as words."""

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from rag.models.coverage import CURVE, KNOWN, LEAST, SPELLED, Coverage, pool_sample, script
from rag.types import Candidate
from tests.fakes import make_chunk


def coverage(*entries):
    vocabulary = {entry: number for number, entry in enumerate(("[UNK]", *entries))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return Coverage(tokenizer)


def expected(letters, pieces):
    return LEAST + (1 - LEAST) * ((letters / pieces - SPELLED) / (KNOWN - SPELLED)) ** CURVE


def test_letters_a_piece_worked_by_hand():
    covers = coverage("bridge", "opened", "##s", "br", "##ück", "##e")
    assert covers(["Bridge opened"]) == 1.0  # 12 letters in 2 pieces
    assert covers(["bridges"]) == pytest.approx(expected(7, 2))
    assert covers(["Brücke"]) == pytest.approx(expected(6, 3))
    assert covers(["bridge", "brücke"]) == pytest.approx(expected(12, 4))


def test_an_unknown_word_counts_as_spelled():
    assert coverage("bridge")(["สะพาน"]) == LEAST


@pytest.mark.parametrize("text", ["", "1 234,50 %", "… — !"])
def test_text_without_letters_is_no_reason_to_mistrust(text):
    assert coverage("bridge")([text]) == 1.0


def test_a_script_of_which_the_vocabulary_is_full_is_its_own():
    letters = [chr(0x4E00 + n) for n in range(1000)]
    assert coverage(*letters)(["".join(letters[:9])]) == 1.0
    assert coverage(*letters[:500])(["".join(letters[:9])]) == LEAST


def test_a_large_vocabulary_was_made_for_many_languages():
    entries = [f"x{n}" for n in range(100_000)]
    assert coverage(*entries)(["สะพาน"]) == 1.0


def test_the_best_passages_by_bm25_show_the_language_of_a_pool():
    pool = [
        Candidate(make_chunk(name), 0.0, score, 0.0)
        for name, score in zip("abcd", (1, 9, 5, 7), strict=True)
    ]
    assert pool_sample("q", pool) == ["q", "b", "d"]


def test_scripts_have_the_names_of_unicode():
    assert [script(letter) for letter in "aλж中ไ"] == ["LATIN", "GREEK", "CYRILLIC", "CJK", "THAI"]
