"""Members add, replace and remove documents: never those of others' collections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path

import pytest

from ingest.progress import FileOutcome
from ranklens import people
from ranklens.library import Library
from ranklens.members import member_of
from tests.serve.conftest import open_library

OURS, THEIRS = "Marine", "Savannah"
LONG = "Figures of the third quarter, " * 8 + "final.txt"  # 249 characters


def members(folder: Path, **options: object) -> Library:
    """Open a library with an editor of each collection, and one of both."""
    library = open_library(folder, sign_in="oidc", **options)
    for name in (OURS, THEIRS):
        library.collections.make(name)
    for account, collection in (
        ("editor", OURS), ("outsider", THEIRS), ("both", OURS), ("both", THEIRS),
    ):  # fmt: skip
        people.people(library).grant(account, "editor", collection)
    return library


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with members(tmp_path) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Library]:
    """The library as a folder, and in a database."""
    shared = request.param == "postgresql"
    options = {"database_url": request.getfixturevalue("postgres")} if shared else {}
    with members(tmp_path, **options) as opened:
        yield opened


def sent(library: Library, account: str, collection: str, name: str, data: bytes) -> FileOutcome:
    mine = member_of(library, account)
    return mine.enqueue_upload(name, BytesIO(data), collection=collection)


def mail(*attached: tuple[str, str]) -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "ada@example.org", "Report"
    message.set_content("See what is attached.")
    for name, text in attached:
        message.add_attachment(text, filename=name)
    return message.as_bytes()


@pytest.fixture
def send_mail(library: Library) -> Callable[..., None]:
    def send(*attached: tuple[str, str], name: str = "mail.eml") -> None:
        assert sent(library, "editor", OURS, name, mail(*attached)).status == "queued"
        library.work()

    return send


def held(library: Library) -> dict[str, str]:
    return {document.name: document.parent for document in library.documents()}


def test_a_name_that_another_takes_meanwhile_is_refused(
    either: Library, monkeypatch: pytest.MonkeyPatch
):
    keep, others = either._files.keep, []

    def then_another_sends_it(*arguments):
        kept = keep(*arguments)
        if not others:
            others.append(None)
            others[0] = sent(either, "outsider", THEIRS, "plan.md", b"Zebras go first.")
        return kept

    monkeypatch.setattr(either._files, "keep", then_another_sends_it)
    mine = sent(either, "editor", OURS, "plan.md", b"Walrus first.")
    assert others[0].status == "queued"
    assert (mine.status, mine.reason) == (
        "failed", "the name 'plan.md' is in use in the library; give the file another name",
    )  # fmt: skip
    (document,) = either.documents()
    assert either.collections.ids_of_document("plan.md") == {either.collections.id_of(THEIRS)}
    assert either.file("plan.md").read_bytes() == b"Zebras go first."
    assert {one.key for one in either._files._files.list("files")} == {f"files/{document.digest}"}


def test_a_new_version_of_an_attachment_does_not_reach_other_collections(library, send_mail):
    name = "mail.eml › note.txt"
    send_mail(("note.txt", "Of the walrus."))
    library.collections.put(THEIRS, [name])
    send_mail(("note.txt", "Of the narwhal."))
    assert library.text(name).strip() == "Of the walrus."
    assert "in use" in library.document("mail.eml").warnings


def test_an_attachment_of_a_mail_that_was_removed_meanwhile_is_not_added(library, send_mail):
    send_mail()
    add, seen = library._attachments.add, []

    def after_its_mail_is_removed(_self, *arguments):
        member_of(library, "editor").remove("mail.eml")
        warnings = add(*arguments)
        seen.append(held(library))
        return warnings

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ingest.attachments.Attachments.add", after_its_mail_is_removed)
        send_mail(("note.txt", "Of the walrus."))
    assert seen == [{}]
    assert held(library) == {}
    assert not list(library._files._files.list("files"))
