"""Sources, tags and saved settings as they are stored, on both databases."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from rag.store.catalogue import Catalogue
from rag.store.saved_settings import ModelConnection, SavedSettings
from rag.store.sources import SourceFile, Sources, Tags


@pytest.fixture
def engine(database):
    catalogue = Catalogue(database)
    yield catalogue.engine
    catalogue.close()


def test_a_place_is_one_source_with_its_files(engine):
    sources = Sources(engine)
    source = sources.add("folder", "/data/bridges", "bridges")
    assert sources.add("folder", "/data/bridges", "other") == source
    file = SourceFile("bridges/a.txt", 3_000_000_000, 1_700_000_000_123_456_789)
    sources.keep_file(source, "a.txt", SourceFile("bridges/a.txt", 1, 1))
    sources.keep_file(source, "a.txt", file)
    sources.keep_file(source, "b.txt", file)
    sources.drop_file(source, "b.txt")
    assert sources.files(source) == {"a.txt": file}
    sources.looked(source, "cannot be read", {"added": ["a.txt"]})
    sources.looked(source, "", None)
    (found,) = sources.all()
    assert (found.problem, found.changes) == ("", {"added": ["a.txt"]})
    assert found.looked >= found.added
    sources.remove(source)
    assert sources.all() == []
    assert sources.files(source) == {}


def test_a_removed_document_leaves_its_file_known_and_its_address_forgotten(engine):
    sources = Sources(engine)
    folder = sources.add("folder", "/data", "data")
    address = sources.add("address", "https://example.org/a", "a")
    for source in (folder, address):
        sources.keep_file(source, "a.txt", SourceFile("a.txt", 1, 2))
    sources.forget_documents({"a.txt"})
    assert sources.files(folder) == {"a.txt": SourceFile("", 1, 2)}
    assert sources.all() == [folder]


def test_tags_are_replaced_whole_even_at_once(engine):
    tags = Tags(engine)
    assert tags.put("a.txt", ["  old   bridges", "river", "river", ""]) == ("old bridges", "river")
    wanted = [[f"{letter}{n}" for n in range(5)] for letter in "abcdefgh"]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda names: tags.put("a.txt", names), wanted))
    assert list(tags.all()["a.txt"]) in wanted
    tags.put("b.txt", ["x"])
    tags.forget_documents({"a.txt"})
    assert tags.all() == {"b.txt": ("x",)}


def test_settings_and_connections_are_replaced_by_name(engine):
    saved = SavedSettings(engine)
    saved.save("pool", 30)
    saved.save("pool", 40)
    saved.save("reranker", "none")
    saved.forget("reranker")
    assert saved.options() == {"pool": 40}
    saved.connect(ModelConnection("Mine", "openai", "http://one", "small"))
    saved.connect(ModelConnection("Mine", "openai", "http://two", "large"))
    assert saved.connections() == [ModelConnection("Mine", "openai", "http://two", "large")]
    saved.disconnect("Mine")
    saved.disconnect("Mine")
    assert saved.connections() == []
