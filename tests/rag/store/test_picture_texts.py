import pytest

from rag.store.catalogue import Catalogue
from rag.store.picture_texts import PictureTexts


@pytest.fixture
def texts(database):
    catalogue = Catalogue(database)
    catalogue.add_document("b.pdf", 1, "b")
    yield PictureTexts(catalogue.engine)
    catalogue.close()


def test_texts_are_kept_by_file_picture_and_reader(texts):
    texts.keep("a", "1", "reader 1", "Größe")
    texts.keep("a", "2", "reader 1", "two")
    texts.keep("b", "1", "reader 1", "of another file")
    assert texts.of("a", "reader 1") == {"1": "Größe", "2": "two"}
    texts.keep("a", "1", "reader 2", "better")
    assert texts.of("a", "reader 1") == {"2": "two"}
    assert texts.of("a", "reader 2") == {"1": "better"}


def test_texts_leave_with_their_file(texts):
    for digest in "abc":
        texts.keep(digest, "1", "reader", "words")
    texts.drop("a")
    texts.sweep()
    assert [bool(texts.of(digest, "reader")) for digest in "abc"] == [False, True, False]
