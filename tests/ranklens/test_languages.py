"""A library in languages that its encoder hardly knows: what is recommended, and where it shows."""

from importlib.metadata import PackageNotFoundError

import pytest

from rag.models import hub
from ranklens.doctor import facts
from ranklens.languages import advice
from ranklens.library import Library

ENGLISH = "The old bridge over the river was opened to the public in the spring of that year."
THAI = "สะพานเก่าข้ามแม่น้ำเปิดให้ประชาชนใช้ในฤดูใบไม้ผลิ และปิดในฤดูหนาวเพราะน้ำท่วม"
ROMANIAN = "Podul vechi peste râu a fost deschis publicului primăvara, după lucrări îndelungate."


def filled(library: Library, tmp_path, *texts: str) -> Library:
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.txt").write_text(text, "utf-8")
        library.enqueue(tmp_path / f"{number}.txt")
    library.work()
    return library


@pytest.fixture
def installed(monkeypatch, tmp_path):
    class Package:
        def locate_file(self, name):
            return tmp_path / name

    monkeypatch.setattr(hub, "distribution", lambda _name: Package())


@pytest.fixture
def missing(monkeypatch):
    def raises(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(hub, "distribution", raises)


@pytest.mark.usefixtures("missing")
def test_the_sentence_names_languages_encoder_and_the_line_that_installs_it(library, tmp_path):
    filled(library, tmp_path, THAI, ENGLISH, ROMANIAN)
    text = advice(library.settings.library, library.encoder)
    assert text.startswith("The encoder all-MiniLM-L6-v2 knows little of ")
    assert "Thai (1 document)" in text
    assert "Romanian (1 document)" in text
    assert "`pip install 'ranklens[multilingual]'`" in text
    assert "`RANKLENS_ENCODER=multilingual-e5-small-q4` and run `ranklens reindex`" in text
    assert dict(facts(library.settings))["languages"] == text


@pytest.mark.usefixtures("installed")
def test_an_encoder_that_is_installed_needs_no_installing(library, tmp_path):
    filled(library, tmp_path, THAI)
    text = advice(library.settings.library, library.encoder)
    assert "is installed: set `RANKLENS_ENCODER" in text
    assert "pip install" not in text


def test_english_and_text_without_a_language_are_no_reason_for_advice(library, tmp_path):
    filled(library, tmp_path, ENGLISH, "Xq-17 zz9 kwv 44-b qq31 vbx hhj 0x9f qzr wkt 7781")
    assert advice(library.settings.library, library.encoder) == ""
    assert dict(facts(library.settings))["languages"] == "nothing that it hardly knows"


def test_an_encoder_of_many_languages_needs_no_other(library, tmp_path):
    filled(library, tmp_path, THAI)

    class Known:
        name = "many"

        def coverage(self, _texts):
            return 1.0

    assert advice(library.settings.library, Known()) == ""


def test_a_folder_without_a_library_gives_none(tmp_path, encoder):
    assert advice(tmp_path, encoder) == ""


def test_a_few_documents_of_many_are_left_alone(library, tmp_path):
    english = (f"{ENGLISH} Number {number}." for number in range(20))
    filled(library, tmp_path, THAI, *english)
    assert advice(library.settings.library, library.encoder) == ""


def test_the_trace_names_the_language(library, tmp_path):
    filled(library, tmp_path, THAI, ENGLISH)
    note = library.pipeline.search("สะพานเปิดเมื่อไร").stage("fused").note
    assert note == "the encoder hardly knows Thai: dense weight 0.10"
