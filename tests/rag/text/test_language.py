import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.store.analyse import Analyser
from rag.text.language import STEMMED, name_of, stemming_of

TEXTS = {
    "english": "The old bridge over the river was opened to the public in the spring.",
    "german": "Die alte Brücke über den Fluss wurde im Frühling für alle Bürger geöffnet.",
    "turkish": "Nehrin üzerindeki eski köprü ilkbaharda halka açıldı ve çok beğenildi.",
    "greek": "Η παλιά γέφυρα πάνω από το ποτάμι άνοιξε για το κοινό την άνοιξη.",
    "none": "สะพานเก่าข้ามแม่น้ำเปิดให้ประชาชนใช้ในฤดูใบไม้ผลิ",
}


@pytest.mark.parametrize("language", TEXTS)
def test_a_sentence_shows_its_language(language):
    assert stemming_of(TEXTS[language]) == language


@pytest.mark.parametrize("text", ["", "1,234 5,678 (12) 90 %", "\x00\x01\x7f", "\ud800\udfff"])
def test_what_shows_no_language_is_stemmed_as_english(text):
    assert stemming_of(text) == "english"


def test_control_characters_do_not_hide_a_language():
    assert stemming_of("\x00".join(TEXTS["german"].split())) == "german"


def test_every_language_has_rules():
    for language in STEMMED.values():
        Analyser(language)


@given(st.text(st.characters(codec=None)))
def test_any_text_has_an_answer(text):
    assert stemming_of(text) in {*STEMMED.values(), "none"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (TEXTS["none"], "Thai"),
        (TEXTS["greek"], "Greek"),
        ("橋は春に一般公開され、冬には洪水のため閉鎖された。", "Japanese"),
        ("這座古老的橋樑在春天向公眾開放，並因為洪水而在冬天關閉。", "Chinese"),
        (TEXTS["english"], ""),
        ("1,234 5,678 (12) 90 %", ""),
    ],
)
def test_languages_have_their_english_names(text, name):
    assert name_of(text) == name
