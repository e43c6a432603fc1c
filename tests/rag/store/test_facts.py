"""Small facts of a library: in files of its folder, and in a table that hosts share."""

import json
import threading

import pytest

from rag.settings import Settings
from rag.store.catalogue import Catalogue
from rag.store.facts import facts_of


@pytest.fixture(params=["folder", "postgresql"])
def settings(request, tmp_path):
    if request.param == "folder":
        yield Settings(library=tmp_path)
        return
    address = request.getfixturevalue("postgres")
    catalogue = Catalogue(address)
    yield Settings(library=tmp_path, database_url=address)
    catalogue.close()


def test_a_fact_is_there_for_all_who_look(settings):
    facts = facts_of(settings)
    assert facts.read("pipelines") is None
    facts.change("pipelines", lambda held: {"a": held, "ß": 1})
    facts.change("adopted", lambda _: ["learned:1"])
    assert facts_of(settings).read("pipelines") == {"a": None, "ß": 1}
    assert facts_of(settings).read("adopted") == ["learned:1"]


def test_a_change_that_fails_changes_nothing(settings):
    facts = facts_of(settings)
    facts.change("learned", lambda _: 1)
    with pytest.raises(ZeroDivisionError):
        facts.change("learned", lambda held: held / 0)
    assert facts.read("learned") == 1


def test_two_who_change_a_fact_at_once_both_do(settings):
    began, goes_on = threading.Event(), threading.Event()

    def slowly(held):
        began.set()
        goes_on.wait(30)
        return [*(held or ()), "first"]

    first = threading.Thread(target=facts_of(settings).change, args=("x", slowly))
    second = threading.Thread(
        target=facts_of(settings).change, args=("x", lambda held: [*(held or ()), "second"])
    )
    first.start()
    assert began.wait(30)
    second.start()
    second.join(0.2)
    assert second.is_alive()  # it waits for the first
    goes_on.set()
    first.join()
    second.join()
    assert facts_of(settings).read("x") == ["first", "second"]


def test_files_of_a_common_folder_are_read_until_they_change(settings, tmp_path):
    (tmp_path / "pipelines.json").write_text(json.dumps({"old": {}}))
    facts = facts_of(settings)
    assert facts.read("pipelines") == {"old": {}}
    facts.change("pipelines", lambda held: {**held, "new": {}})
    assert facts.read("pipelines") == {"old": {}, "new": {}}
