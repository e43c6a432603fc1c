"""Texts and the terms under which they must be found."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import SettingsError
from rag.store.analyse import Analyser, AutoAnalyser
from rag.text.language import STEMMED

ENGLISH = Analyser("english")


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Running runs", ["run", "run"]),
        ("The cats of a farm", ["cat", "farm"]),
        ("ERR_42-b", ["err_42-b", "err", "42", "b"]),
        ("v1.2.3", ["v1.2.3", "1.2.3"]),
        ("foo.bar_baz", ["foo.bar_baz", "foo", "bar", "baz"]),
        ("user@example.org.", ["user@example.org", "user", "exampl", "org"]),
        ("Form 10-Q", ["form", "10-q", "10", "q"]),
        ("$32.5M", ["32.5m", "32.5"]),
        ("1,234.5 and 1234.5", ["1234.5", "1234.5"]),
        ("12,345,678", ["12345678"]),
        ("1,2,3", ["1", "2", "3"]),
        ("covid19", ["covid19", "19", "covid"]),
        ("192.168.0.1:8080", ["192.168.0.1", "8080"]),
        ("R&D", ["r&d", "r", "d"]),
        ("the U.S.", ["us"]),
        ("Company's don’t", ["compani", "don"]),
        ("__init__ a--b", ["init", "b"]),
        ("Cafés résumés", ["cafe", "resum"]),
        ("Łódź Ærø", ["lodz", "aero"]),
        ("ﬁne １２ infor\u00admation", ["fine", "12", "inform"]),
        ("東京都", ["東京", "京都"]),
        ("茶 iPhone用", ["茶", "iphon", "用"]),
        ("ひらがな ｶﾀｶﾅ", ["ひら", "らが", "がな", "カタ", "タカ", "カナ"]),
        ("한국어", ["한국", "국어"]),
        ("ไทย", ["ไท", "ทย", "ไทย"]),
        ("ปี 1", ["ปี", "1"]),
        ("ລາວ", ["ລາ", "າວ", "ລາວ"]),
        ("ខ្មែ", ["ខ្", "្ម", "មែ", "ខ្ម", "្មែ"]),
        ("မြန်", ["မြ", "ြန", "န်", "မြန", "ြန်"]),
        ("ไทย中文字", ["ไท", "ทย", "ไทย", "中文", "文字"]),
        ("हिन्दी", ["हिन्दी"]),
        ("", []),
        (" \n…—!?", []),
    ],
)
def test_terms_of_a_text(text: str, terms: list[str]) -> None:
    assert ENGLISH(text) == terms


@pytest.mark.parametrize(
    ("written", "sought"),
    [
        ("ERR_42-b", "42"),
        ("ERR_42-b", "err_42"),
        ("ERR_42-b", "err_42-B"),
        ("release v1.2.3", "1.2.3"),
        ("foo.bar_baz()", "bar_baz"),
        ("mail user@example.org", "example.org"),
        ("the 10-Q", "10-q"),
        ("$32.5M", "32.5"),
        ("$1,234.5", "1234.5"),
        ("https://example.org/a_page?x=1", "a_page"),
        ("‘Beyoncé’", "beyonce"),
    ],
)
def test_identifiers_and_numbers_are_found_in_every_form(written: str, sought: str) -> None:
    assert set(ENGLISH(sought)) & set(ENGLISH(written))


@pytest.mark.parametrize(
    ("asked", "terms"),
    [
        ("FY2023", ["fy2023", "2023"]),
        ("FY 2023", ["fy", "2023"]),
        ("ERR_42-b", ["err_42-b", "err", "42", "b"]),
        ("COVID19", ["covid19", "19", "covid"]),
        ("$32.5bn", ["32.5bn", "32.5"]),
    ],
)
def test_a_question_looks_for_no_letters_that_hang_on_a_figure(asked: str, terms: list[str]):
    assert ENGLISH.question(asked) == [(term,) for term in terms]
    assert AutoAnalyser(lambda: ()).question(asked) == [(term,) for term in terms]


@pytest.mark.parametrize(
    ("language", "text", "terms"),
    [
        ("none", "Running cafés", ["running", "cafes"]),
        ("french", "l’homme mangé", ["homm", "mang"]),
        ("german", "Häuser Straße", ["haus", "strass"]),
        ("russian", "йоды", ["йод"]),
    ],
)
def test_languages(language: str, text: str, terms: list[str]) -> None:
    assert Analyser(language)(text) == terms


@pytest.mark.parametrize(
    ("asked", "terms"),
    [
        ("ภาษา", ["ภาษ", "าษา"]),
        ("ปี", ["ปี"]),
        ("東京都", ["東京", "京都"]),
    ],
)
def test_a_question_looks_for_the_longest_runs_of_a_script(asked: str, terms: list[str]) -> None:
    assert ENGLISH.question(asked) == [(term,) for term in terms]
    assert set(terms) <= set(ENGLISH(asked))


def test_vietnamese_syllables_count_alone_and_in_pairs_with_or_without_accents() -> None:
    vietnamese = Analyser("vietnamese")
    assert vietnamese("Thủ đô, 2024") == ["thu", "do", "2024", "thu_do"]
    assert vietnamese("thu do 2024") == vietnamese("Thủ đô, 2024")
    assert vietnamese.question("Thủ đô nào?") == [
        ("thu",), ("do",), ("nao",), ("thu_do",), ("do_nao",)
    ]  # fmt: skip


# Two forms of one word of each language, which a stemmer without its rules keeps apart.
FORMS = {
    "arabic": ("الكتاب", "كتاب"),
    "armenian": ("կամուրջներ", "կամուրջ"),
    "basque": ("zubiak", "zubi"),
    "catalan": ("ponts", "pont"),
    "czech": ("mostech", "most"),
    "danish": ("husene", "huset"),
    "dutch": ("bruggen", "brug"),
    "english": ("bridges", "bridge"),
    "esperanto": ("pontoj", "ponto"),
    "estonian": ("sildadele", "sildade"),
    "finnish": ("siltojen", "siltoja"),
    "french": ("ponts", "pont"),
    "german": ("Brücken", "Brücke"),
    "greek": ("γέφυρες", "γέφυρα"),
    "hindi": ("पुलों", "पुल"),
    "hungarian": ("hidakat", "hidak"),
    "indonesian": ("membaca", "bacaan"),
    "irish": ("an droichid", "droichid"),
    "italian": ("ponti", "ponte"),
    "lithuanian": ("tiltai", "tiltas"),
    "nepali": ("पुलहरू", "पुल"),
    "norwegian": ("broene", "broen"),
    "persian": ("کتاب‌ها", "کتاب"),
    "polish": ("mostami", "mostach"),
    "portuguese": ("pontes", "ponte"),
    "romanian": ("podurile", "poduri"),
    "russian": ("мосты", "моста"),
    "serbian": ("mostovima", "mostova"),
    "spanish": ("puentes", "puente"),
    "swedish": ("husen", "huset"),
    "tamil": ("பாலங்கள்", "பாலம்"),
    "turkish": ("köprüler", "köprü"),
    "vietnamese": ("CẦU", "cầu"),
    "yiddish": ("בריקן", "בריק"),
}


@pytest.mark.parametrize("language", sorted({*STEMMED.values()}))
def test_every_language_finds_one_form_of_a_word_by_another(language: str) -> None:
    auto = AutoAnalyser(lambda: (language,))
    written, asked = FORMS[language]
    sought = {term for group in auto.question(asked) for term in group}
    assert sought & set(auto.document(written, language))


def test_a_question_in_a_library_of_many_languages_has_the_terms_of_each() -> None:
    auto = AutoAnalyser(lambda: ("english", "none", "vietnamese", "turkish"))
    for language, text in (
        ("none", "ภาษาไทย"),
        ("none", "東京都"),
        ("vietnamese", "Thủ đô"),
        ("turkish", "köprüler"),
        ("english", "bridges"),
    ):
        sought = {term for group in auto.question(text) for term in group}
        document = set(auto.document(text, language))
        assert sought & document
        if language != "none":  # of a run without spaces a question looks for the trigrams only
            assert document <= sought


def test_accents_are_needed_by_a_stemmer_and_folded_after_it() -> None:
    assert Analyser("french")("élevées") == ["elev"]


def test_unknown_language_names_the_nearest() -> None:
    with pytest.raises(SettingsError, match=r"'englisch'.*nearest is 'english'"):
        Analyser("englisch")


def test_names_tell_languages_apart() -> None:
    assert Analyser("english").name != Analyser("german").name
    assert Analyser("english").name == ENGLISH.name


@given(st.text(), st.text())
def test_lines_are_analysed_one_by_one(first: str, second: str) -> None:
    assert ENGLISH(first + "\n" + second) == ENGLISH(first) + ENGLISH(second)


@given(st.text(st.characters(codec=None)), st.sampled_from(["english", "none", "arabic", "greek"]))
def test_any_text_gives_terms_that_can_be_sought(text: str, language: str) -> None:
    analyser = Analyser(language)
    for term in analyser(text):
        assert term
        assert not any(c.isspace() for c in term)
        assert len(term) <= 100


def test_a_word_in_capitals_is_the_same_word() -> None:
    assert ENGLISH("ΠΑΡΆΔΕΙΓΜΑ STRASSE") == ENGLISH("παράδειγμα straße")


def test_threads_share_an_analyser() -> None:
    text = " ".join(f"running{i} word{i}s" for i in range(2000))
    expected = Analyser("english")(text)
    shared, results = Analyser("english"), []
    threads = [threading.Thread(target=lambda: results.append(shared(text))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 4


def test_each_document_is_analysed_by_its_language_and_a_question_by_all():
    auto = AutoAnalyser(lambda: ("english", "german"))
    assert auto.document("Häuser", "german") == auto.document("Haus", "german")
    assert auto.document("houses", "english") == Analyser("english")("houses")
    # the English stem and the German one
    assert auto.question("Häuser") == [("hauser", "haus")]
    # both languages' stems are the same; "the" is no word to look for in English
    assert auto.question("the houses 12") == [("hous",), ("12",)]


def test_without_documents_a_question_is_english():
    assert AutoAnalyser(lambda: ()).question("The houses") == [("hous",)]
