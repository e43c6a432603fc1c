"""The Library page over the fake library."""

import io

import pytest

from ingest.loaders.base import LOCKED
from tests.ui.fakes import FakeDocument, FakeProgress
from tests.ui.test_ask import html
from ui.library import uploads
from ui.library.document import TEMPLATE
from ui.library.documents import frame_of
from ui.library.indexing import line
from ui.shared.html import macro

IMPORTS = {"import_folder", "import_address"}


def test_the_table_tells_status_pages_and_passages(page):
    at = page("ui/library/page.py")
    table = at.dataframe[0].value
    assert list(table["Document"]) == [
        "field-guide.pdf",
        "maintenance.md",
        "warranty & returns.html",
    ]
    assert table["Pages"].tolist()[0] == 4
    assert not at.exception


def test_a_failure_shows_its_reason_below_the_table(page, library):
    failed = FakeDocument("<b>.pdf", "failed", "no text in it: it looks like a scan", chunks=0)
    assert frame_of([FakeDocument("a.txt"), failed])["Status"].tolist() == ["● ready", "✕ failed"]
    library.held = [*library.held, failed]
    assert "<b>&lt;b&gt;.pdf</b>: no text in it: it looks like a scan" in html(
        page("ui/library/page.py")
    )
    many = macro("unselected", TEMPLATE)([failed] * 7)
    assert many.count("it looks like a scan") == 5
    assert "2 more; select one to see why" in many


def test_what_was_not_read_of_a_document_is_shown_with_it(page, library):
    library.held = [*library.held, FakeDocument("a.pdf", warnings="page <2> was not read")]
    assert "1 document was not read completely:" in html(page("ui/library/page.py"))
    partial = [
        FakeDocument(f"{n}.pdf", warnings="page 2 was not\npage 3 was not") for n in "abcdefg"
    ]
    drawn = macro("unselected", TEMPLATE)([], partial)
    assert "7 documents were not read completely:" in drawn
    assert "<b>a.pdf</b>: page 2 was not, and 1 other part" in drawn
    assert "2 more; select one to see what is missing" in drawn
    assert frame_of(partial)["Not read"].tolist() == [2] * 7
    shown = html(page("ui/library/page.py", document="a.pdf"))
    assert "Not everything in it was read" in shown
    assert "page &lt;2&gt; was not read" in shown


@pytest.mark.parametrize("file", ["ui/library/page.py", "ui/models/page.py"])
def test_an_encoder_that_would_know_the_language_is_recommended(page, monkeypatch, file):
    monkeypatch.setattr("ranklens.languages.advice", lambda *_: "It knows little of Thai <here>.")
    shown = html(page(file))
    assert "Another encoder would help" in shown
    assert "It knows little of Thai &lt;here&gt;." in shown


def test_an_empty_library_says_what_to_do(page, library):
    library.held = []
    assert "No documents yet" in html(page("ui/library/page.py"))


def test_an_upload_is_queued_under_its_name_and_never_written_to_it(library, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = uploads.add(library, "../../evil.txt", io.BytesIO(b"text"))
    assert outcome.status == "queued"
    assert library.calls == [("enqueue", "../../evil.txt", "")]
    assert not list(tmp_path.iterdir())


def test_progress_in_one_line():
    running = FakeProgress(2, 5, 120, 600, 60.0, "a.pdf", running=True, seconds_left=240.0)
    assert line(running) == (
        "2 of 5 documents · 120 of about 600 passages · 2 a second · about 4 min 00 s left · a.pdf"
    )
    assert line(FakeProgress()) == "Waiting to be indexed"


def test_running_work_is_shown_and_can_be_stopped(page, library):
    library.state = FakeProgress(0, 1, 5, 10, 2.0, "**bold**.txt", running=True)
    at = page("ui/library/page.py")
    assert "5 of about 10 passages" in html(at)
    assert "**bold**.txt" in html(at)
    at.button(key="stop").click().run()
    assert ("stop",) in library.calls


def test_stopped_work_can_be_resumed(page, library):
    library.held.append(FakeDocument("b.txt", "queued", chunks=0))
    library.state = FakeProgress(1, 2, stopped=True)
    at = page("ui/library/page.py")
    assert "Indexing is stopped; 1 document waits" in html(at)
    assert not any(button.key == "stop" for button in at.button)
    at.button(key="resume").click().run()
    assert ("resume",) in library.calls


def test_what_is_ready_can_be_asked_while_the_rest_is_indexed(page, library):
    at = page("ui/library/page.py")
    assert not any(button.key == "ask_now" for button in at.button), "nothing was indexed here"
    library.held.append(FakeDocument("b.txt", "indexing", chunks=0))
    library.state = FakeProgress(0, 1, running=True)
    at = page("app.py").switch_page("ui/library/page.py").run()
    assert "3 documents are ready; the others follow." in html(at)
    library.held[-1].status = "ready"
    library.state = FakeProgress(1, 1)
    at.run()
    assert "4 documents are ready." in html(at)
    at.button(key="ask_now").click().run()
    assert not at.exception
    assert "What would you like to know?" in str(at.main)


def test_documents_are_found_sorted_and_totalled(page, library):
    library.held += [FakeDocument("zebra.pdf", size=9_000_000, pages=10, chunks=40),
                     FakeDocument("broken.pdf", "failed", "it is damaged", chunks=0)]  # fmt: skip
    at = page("ui/library/page.py")
    assert "5 documents · 14 pages · 52 passages · 9 MB" in html(at)
    at.selectbox(key="library_sort").select("Largest first").run()
    assert at.dataframe[0].value["Document"].tolist()[0] == "zebra.pdf"
    at.selectbox(key="library_sort").select("Problems first").run()
    assert at.dataframe[0].value["Document"].tolist()[0] == "broken.pdf"
    at.text_input(key="library_find").set_value("GUIDE").run()
    assert at.dataframe[0].value["Document"].tolist() == ["field-guide.pdf"]
    assert "1 document of 5 · 4 pages" in html(at)
    at.text_input(key="library_find").set_value("nowhere").run()
    assert "No document fits" in html(at)


def test_documents_have_tags(page, library):
    at = page("ui/library/page.py", document="maintenance.md")
    at.multiselect(key="tags_of_maintenance.md").set_value(["care"]).run()
    assert library.tags.all() == {"maintenance.md": ("care",)}
    at = page("ui/library/page.py")
    assert [list(tags) for tags in at.dataframe[0].value["Tags"]] == [[], ["care"], []]
    at.multiselect(key="library_tags").select("care").run()
    assert at.dataframe[0].value["Document"].tolist() == ["maintenance.md"]
    library.tags.put("maintenance.md", ())
    at.run()
    assert len(at.dataframe[0].value) == 3, "a tag that is gone chooses nothing any more"


def test_a_folder_that_the_page_may_not_import_is_refused(page, library, tmp_path):
    at = page("ui/library/page.py")
    at.text_input(key="import_folder").input(str(tmp_path))
    next(b for b in at.button if b.label == "Import and watch").click().run()
    assert "option import_folders" in html(at)
    assert library.sources.all() == []
    library.settings = library.settings.updated(page_hosts="docs.example.org")
    at = page("ui/library/page.py")
    assert at.text_input(key="import_folder").disabled


def test_an_address_of_this_machine_is_refused(page, library):
    at = page("ui/library/page.py")
    at.text_input(key="import_address").input("http://127.0.0.1:8501/<b>")
    next(b for b in at.button if b.label == "Fetch").click().run()
    assert "127.0.0.1 is no public address" in html(at)
    assert "<b>" not in html(at).replace("<b>", "", 1) or "&lt;b&gt;" in html(at)


def test_sources_are_listed_with_what_was_found(page, library):
    source = library.sources.add("folder", "/srv/<reports>", "reports")
    library.sources.looked(source, "the folder is not there", {"added": ["reports/a.txt"]})
    at = page("ui/library/page.py")
    assert "/srv/&lt;reports&gt;" in html(at)
    assert "the folder is not there" in html(at)
    assert "1 added" in html(at)
    at.button(key=f"forget {source.id}").click().run()
    assert library.sources.all() == []


def test_a_selected_document_shows_its_passages(page):
    at = page("ui/library/page.py", document="maintenance.md")
    body = html(at)
    assert "4 passages" in body
    assert "Care › Part 2" in body
    assert "&lt;script&gt;" in body
    assert "<script" not in body


def test_re_index_queues_the_selected_document(page, library):
    at = page("ui/library/page.py", document="maintenance.md")
    next(b for b in at.button if b.label == "Re-index").click().run()
    assert library.calls == [("reindex", "maintenance.md")]


def test_remove_asks_first(page, library):
    at = page("ui/library/page.py", document="maintenance.md")
    next(b for b in at.button if b.label == "Remove").click().run()
    assert library.calls == []
    at.button(key="confirm_remove").click().run()
    assert library.calls == [("remove", "maintenance.md")]
    assert "maintenance.md" not in at.dataframe[0].value["Document"].tolist()


@pytest.mark.parametrize("selected", [None, "locked.pdf"])
def test_an_encrypted_file_asks_for_its_password(page, library, tmp_path, monkeypatch, selected):
    stored = tmp_path / "locked.pdf"
    stored.write_bytes(b"%PDF")
    reason = f"{LOCKED}: a password is needed"
    library.held.append(FakeDocument("locked.pdf", "failed", reason, chunks=0))
    monkeypatch.setattr(library, "file", lambda name: stored)
    at = page("ui/library/page.py", document=selected)
    assert reason in html(at)
    next(box for box in at.text_input if box.key not in IMPORTS).input("secret")
    next(b for b in at.button if b.label == "Unlock").click().run()
    assert library.calls == [("enqueue", "locked.pdf", "secret")]


def test_a_password_is_asked_for_only_where_one_helps(page, library):
    reason = "it is encrypted with a zip password; save it without one"
    library.held.append(FakeDocument("a.docx", "failed", reason, chunks=0))
    for chosen in (None, "a.docx"):
        boxes = page("ui/library/page.py", document=chosen).text_input
        assert {box.key for box in boxes} == IMPORTS
