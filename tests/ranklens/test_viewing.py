"""A passage in its own document, over the fake library."""

from dataclasses import replace

import pytest

from rag.errors import RanklensError
from ranklens import viewing
from tests.ui.fakes import ALL, FakeLibrary


@pytest.fixture
def library():
    return FakeLibrary()


def test_a_passage_has_its_document_and_its_text(library):
    source = viewing.source_of(library, ALL[1])
    assert source.document.name == "field-guide.pdf"
    assert source.parsed.text[ALL[1].start : ALL[1].end] == ALL[1].text
    assert source.is_drawn
    assert not viewing.source_of(library, ALL[5]).is_drawn


def test_a_passage_whose_document_changed_or_is_gone_has_none(library, monkeypatch):
    assert viewing.source_of(library, replace(ALL[1], text="Something else.")) is None
    library.remove("field-guide.pdf")
    assert viewing.source_of(library, ALL[1]) is None

    def unreadable(_name):
        raise RanklensError("the text is not in the catalogue")

    monkeypatch.setattr(library, "parsed", unreadable)
    assert viewing.source_of(library, ALL[5]) is None
