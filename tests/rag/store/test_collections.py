"""Collections: made, renamed, removed; documents put in and taken out; none is in no collection."""

import pytest

from rag.errors import FilterError, LibraryError, NotThere
from rag.store.catalogue import Catalogue
from rag.store.collections import Collection, Collections


@pytest.fixture
def catalogue(database):
    made = Catalogue(database)
    yield made
    made.close()


@pytest.fixture
def collections(catalogue):
    return Collections(catalogue)


def add(catalogue, name, collection=None, language="english"):
    key = catalogue.add_document(name, 1, f"digest of {name}", collection=collection)
    catalogue.update_document(key, status="indexing", language=language)
    catalogue.publish(key, 0.0)
    return key


def names(collections, name):
    return [document.name for document in collections.documents(name).ready]


def test_what_nobody_chose_for_is_in_the_default(catalogue, collections):
    add(catalogue, "a.txt")
    collections.make("Reports")
    add(catalogue, "b.txt", collections.id_of("Reports"))
    assert collections.all() == [Collection("default", 1), Collection("Reports", 1)]
    assert collections.of_documents() == {"a.txt": ("default",), "b.txt": ("Reports",)}


def test_a_document_is_in_several_and_a_new_version_stays_in_them(catalogue, collections):
    add(catalogue, "a.txt")
    collections.make("Reports")
    collections.put("Reports", ["a.txt"])
    collections.put("Reports", ["a.txt"])
    add(catalogue, "a.txt")
    assert collections.of_documents() == {"a.txt": ("default", "Reports")}
    assert names(collections, "Reports") == names(collections, "default") == ["a.txt"]


def test_a_document_taken_out_of_its_last_one_goes_to_the_default(catalogue, collections):
    collections.make("Reports")
    add(catalogue, "a.txt", collections.id_of("Reports"))
    collections.take("Reports", ["a.txt"])
    assert collections.of_documents() == {"a.txt": ("default",)}
    with pytest.raises(LibraryError, match="in no other collection than 'default'"):
        collections.take("default", ["a.txt"])
    assert collections.of_documents() == {"a.txt": ("default",)}
    with pytest.raises(NotThere, match=r"no document 'a\.txt' in the collection 'Reports'"):
        collections.take("Reports", ["a.txt"])


def test_documents_of_a_removed_collection_stay_somewhere(catalogue, collections):
    collections.make("one")
    collections.make("two")
    add(catalogue, "a.txt", collections.id_of("one"))
    add(catalogue, "b.txt", collections.id_of("one"))
    collections.put("two", ["b.txt"])
    collections.remove("one")
    assert collections.of_documents() == {"a.txt": ("default",), "b.txt": ("two",)}
    assert collections.names() == ["default", "two"]


def test_a_removed_document_leaves_its_collections(catalogue, collections):
    key = add(catalogue, "secret.txt")
    collections.make("Reports")
    collections.put("Reports", ["secret.txt"])
    catalogue.retire([key])
    assert names(collections, "Reports") == []
    catalogue.clear([key])
    assert collections.of_documents() == {}


def test_the_default_is_always_there(collections):
    for change in (collections.remove, lambda name: collections.rename(name, "other")):
        with pytest.raises(LibraryError, match="neither renamed nor removed"):
            change("default")


def test_a_rename_keeps_what_is_in_it(catalogue, collections):
    collections.make("Reports")
    add(catalogue, "a.txt", collections.id_of("Reports"))
    collections.choose("Reports")
    assert collections.rename("Reports", " Annual \n reports ") == "Annual reports"
    assert names(collections, "Annual reports") == ["a.txt"]
    assert collections.last() == "Annual reports"


@pytest.mark.parametrize("name", ["", " ", "a/b", "..", "x" * 81])
def test_names_that_cannot_be(collections, name):
    with pytest.raises(LibraryError, match="name"):
        collections.make(name)
    assert collections.names() == ["default"]


def test_names_are_used_once_and_the_nearest_is_named(collections):
    collections.make("Reports")
    assert collections.ensure("Reports") == "Reports"
    for change in (collections.make, lambda name: collections.rename("Reports", name)):
        with pytest.raises(LibraryError, match="there is a collection 'default' already"):
            change("default")
    with pytest.raises(NotThere, match="did you mean 'Reports'"):
        collections.members("Report")
    with pytest.raises(NotThere, match=r"no document 'x\.txt'"):
        collections.put("Reports", ["x.txt"])


def test_without_a_name_the_default_is_asked_or_the_only_one_with_documents(catalogue, collections):
    assert collections.asked() == "default"
    collections.make("Reports")
    assert collections.asked() == collections.last() == "default"
    add(catalogue, "a.txt", collections.id_of("Reports"))
    assert collections.asked() == collections.last() == "Reports"
    collections.make("Letters")
    add(catalogue, "b.txt", collections.id_of("Letters"))
    assert collections.asked() == "default"
    assert collections.asked("Letters") == "Letters"
    with pytest.raises(FilterError, match="there is no collection 'Letter'"):
        collections.asked("Letter")


def test_what_can_be_asked_is_kept_until_something_changes(catalogue, collections):
    add(catalogue, "a.txt")
    collections.make("Reports")
    assert collections.documents("default").all
    assert collections.documents("default") is collections.documents("default")
    add(catalogue, "b.txt", collections.id_of("Reports"), "german")
    assert not collections.documents("default").all
    assert collections.documents("Reports").languages == ("german",)
    collections.put("default", ["b.txt"])
    assert collections.documents("default").all


def test_all_of_them_are_asked_together_and_hold_nothing_of_their_own(catalogue, collections):
    add(catalogue, "a.txt")
    collections.make("Reports")
    add(catalogue, "b.txt", collections.id_of("Reports"))
    assert collections.asked("all") == ""
    assert names(collections, "") == names(collections, "all") == ["a.txt", "b.txt"]
    assert collections.documents("").all
    assert collections.members("all") == {"a.txt", "b.txt"}
    assert collections.number("all") == collections.number("") == 0
    assert collections.name_of(0) == "all"
    collections.choose("all")
    assert collections.last() == "all"
    with pytest.raises(LibraryError, match="asks all collections"):
        collections.make("all")
    with pytest.raises(NotThere):
        collections.put("all", ["a.txt"])


def test_a_collection_of_before_that_is_called_all_comes_first(catalogue, collections):
    add(catalogue, "a.txt")
    collections.make("Reports")
    with catalogue.engine.begin() as db:
        db.exec_driver_sql("UPDATE collections SET name = 'all' WHERE name = 'Reports'")
    add(catalogue, "b.txt", collections.id_of("all"))
    assert collections.asked("all") == "all"
    assert names(collections, "all") == ["b.txt"]
    assert names(collections, "") == ["a.txt", "b.txt"]
