"""Words of a text."""

import pytest

from rag.text.words import QUESTION_WORDS, question_words, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Io's 2 moons", ["Io", "s", "2", "moons"]),
        ("土星有水。", ["土星", "星有", "有水"]),
        ("水", ["水"]),
        ("NASA的2号 rover", ["NASA", "的", "2", "号", "rover"]),
        ("土星，火星", ["土星", "火星"]),
        ("order_date", ["order", "date"]),
        ("हिन्दी की किताब", ["हिन्दी", "की", "किताब"]),
        ("", []),
    ],
)
def test_words_of_a_text_and_pairs_of_letters_where_none_are_parted(text, found):
    assert words(text) == found


@pytest.mark.parametrize(
    ("question", "subject"),
    [
        ("Wie hoch ist die Kaution?", {"kaution"}),
        ("Quand le contrat prend-il effet ?", {"contrat", "prend", "effet"}),
        ("¿Cuántos días de vacaciones hay?", {"días", "vacaciones"}),
        ("Quanto dura il contratto?", {"dura", "contratto"}),
        ("When did he die?", {"die"}),
        ("Kaution?", {"kaution"}),
        ("上流とは何ですか", {"上流"}),
        ("补丁放在哪里？", {"补丁", "丁放", "放在"}),
        ("さくらはいつ", {"さく", "くら", "らは", "はい", "いつ"}),
    ],
)
def test_words_that_only_ask_are_those_of_the_language_that_has_most(question, subject):
    found = {word.casefold() for word in words(question)}
    assert found - question_words(question) == subject


def test_a_question_that_no_language_has_more_of_is_english():
    assert question_words("In Mars?") is QUESTION_WORDS
