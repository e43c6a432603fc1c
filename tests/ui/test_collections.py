"""The choice of a collection: shown when there are two, in the address, kept in the library."""

import time

import pytest

from ingest.progress import FileOutcome
from rag.evaluate.data import Question
from ranklens.jobs import Job
from tests.ui.fakes import TEXTS, FakeDocument
from tests.ui.test_ask import html


def chooser(at):
    return at.selectbox(key="collection_box")


def test_one_collection_is_no_choice(page):
    at = page("app.py")
    assert not at.exception
    assert not [box for box in at.selectbox if box.key == "collection_box"]
    assert "collection" not in at.query_params


def test_the_choice_is_in_the_address_and_kept_in_the_library(page, library):
    library.collections.make("Reports")
    at = page("app.py")
    assert chooser(at).value == "default"
    chooser(at).set_value("Reports").run()
    assert "Reports" in at.query_params["collection"]
    assert library.collections.last() == "Reports"
    assert chooser(page("app.py")).value == "Reports"  # another session


def test_a_link_opens_the_collection_that_it_names(page, library, went):
    library.collections.make("Reports")
    at = page("app.py")
    at.query_params["collection"] = "Reports"
    went(at)
    assert chooser(at).value == "Reports"
    assert library.collections.last() == "default"  # somebody else's link chooses nothing for all


def test_questions_are_asked_within_the_choice_and_the_conversation_stays_there(page, library):
    library.collections.make("Reports")
    library.collections.put("Reports", [next(iter(TEXTS))])
    at = page("app.py")
    chooser(at).set_value("Reports").run()
    at.chat_input(key="question").set_value("How warm?").run()
    (chat,) = library.conversations.all()
    assert library.collections.name_of(chat.collection_id) == "Reports"
    (turn,) = library.conversations.turns(chat.id)
    assert turn.trace.settings["collection"] == "Reports"
    chooser(at).set_value("default").run()
    assert at.session_state["chat"] is None  # another collection, another conversation
    assert not at.exception
    at.session_state["chat"] = chat.id
    at.run()
    assert chooser(at).value == "Reports"


@pytest.mark.parametrize(("chosen", "into"), [("sample_docs", "default"), ("Reports", "Reports")])
@pytest.mark.parametrize("by", ["ask", "library"])
def test_documents_do_not_go_into_the_sample_library(page, library, monkeypatch, by, chosen, into):
    library.collections.make(chosen)
    library.collections.choose(chosen)
    went = []

    def enqueue(name, _data, collection=""):
        went.append((name, collection))
        return FileOutcome(name, "queued")

    monkeypatch.setattr(library, "enqueue_upload", enqueue)
    if by == "ask":
        at = page("app.py")
        at.chat_input(key="question").upload("new.md", b"# New").run()
    else:
        at = page("ui/library/page.py")
        at.file_uploader[0].set_value([("new.md", b"# New", "text/markdown")]).run()
    assert not at.exception
    assert went == [("new.md", into)]
    assert library.collections.last() == into, "the page shows what was added"


def test_all_collections_are_one_more_choice(page, library):
    library.collections.make("Reports")
    library.collections.put("Reports", [next(iter(TEXTS))])
    at = page("app.py")
    assert chooser(at).options == ["default", "Reports", "All collections"]
    chooser(at).set_value("all").run()
    assert "all" in at.query_params["collection"]
    assert "ready in All collections" in html(at)
    at.chat_input(key="question").set_value("How warm?").run()
    (chat,) = library.conversations.all()
    assert library.collections.name_of(chat.collection_id) == "all"
    assert "collection" not in library.conversations.turns(chat.id)[0].trace.settings
    at.switch_page("ui/library/page.py").run()
    assert not at.exception
    assert chooser(at).value == "all"
    library.collections.remove("Reports")
    assert not page("app.py").exception  # the only one that is left is asked


def test_question_sets_are_those_of_the_choice(page, library):
    library.collections.make("Reports")
    library.question_sets.put("Of reports", [Question("q1", "How warm?")], "Reports")
    library.question_sets.put("Of all", [Question("q1", "How warm?")], "default")
    at = page("ui/judge/page.py", collection="Reports")
    assert at.selectbox(key="question_set").options == ["Of reports · 1 question"]
    at = page("ui/judge/page.py", collection="all")
    assert len(at.selectbox(key="question_set").options) == 2


def test_an_empty_library_offers_the_samples(page, library):
    library.held = []
    for path in ("app.py", "ui/library/page.py"):
        at = page(path)
        assert not at.exception
        assert at.button(key="add_samples").label == "Add the sample library"


def test_a_document_shows_its_collections_as_soon_as_there_are_two(page, library):
    name = next(iter(TEXTS))
    at = page("ui/library/page.py", document=name)
    assert [group.label for group in at.button_group if group.label == "Collections"] == []
    library.collections.make("Reports")
    library.collections.put("Reports", [name])
    at = page("ui/library/page.py", document=name)
    (group,) = [group for group in at.button_group if group.label == "Collections"]
    assert list(group.value) == ["default", "Reports"]
    group.set_value(["Reports"]).run()
    assert library.collections.of_documents()[name] == ("Reports",)


def test_the_page_waits_for_the_first_sample(page, library, monkeypatch):
    library.held = []
    job = Job(lambda _job: (time.sleep(0.2), library.held.append(FakeDocument("a.txt", "queued"))),
              "samples")  # fmt: skip
    monkeypatch.setattr("ranklens.upkeep.add_samples", lambda _library: job.start())
    at = page("app.py")
    at.button(key="add_samples").click().run()
    assert not at.exception
    assert "Your documents are being indexed" in "".join(block.body for block in at.get("html"))
    assert library.collections.names() == ["default", "sample_docs"]
