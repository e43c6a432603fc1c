"""What is attached to an e-mail becomes documents that come and go with it."""

from email.message import EmailMessage

import pytest

from ingest.attachments import DEEPEST, SEPARATOR
from ingest.files import LONGEST_NAME
from tests.fakes import WordEncoder
from tests.ingest.build import SENTENCE, pdf


@pytest.fixture(autouse=True)
def encoder(monkeypatch):
    monkeypatch.setattr("ranklens.library.load_encoder", lambda _settings: WordEncoder())


def mail(*attached, body="Hello."):
    message = EmailMessage()
    message["From"], message["Subject"] = "a@example.org", "Planets"
    message.set_content(body)
    for name, data in attached:
        message.add_attachment(data, maintype="application", subtype="x", filename=name)
    return message.as_bytes()


@pytest.fixture
def add(library, tmp_path):
    """Add bytes under a name; the outcomes by name."""

    def add(data, name="mail.eml"):
        path = tmp_path / name
        path.write_bytes(data)
        outcomes = library.add(path)
        assert library.verify().problems == ()
        return {outcome.name: (outcome.status, outcome.warnings) for outcome in outcomes}

    return add


def held(library):
    return {document.name: document.parent for document in library.documents()}


def test_attachments_are_documents_of_their_own(library, add):
    outcomes = add(mail(("report.pdf", pdf()), ("note.txt", b"Venus has none.")))
    assert outcomes == {
        "mail.eml": ("added", ()),
        "mail.eml › report.pdf": ("added", ()),
        "mail.eml › note.txt": ("added", ()),
    }
    assert SENTENCE in library.text("mail.eml › report.pdf")
    assert SENTENCE not in library.text("mail.eml")
    assert "Attachments: report.pdf, note.txt" in library.text("mail.eml")
    assert library.attached("mail.eml") == ["mail.eml › note.txt", "mail.eml › report.pdf"]
    (chunk,) = library.chunks("mail.eml › report.pdf")
    assert chunk.page == 1, "it keeps its pages"


def test_they_leave_with_their_mail_or_alone(library, add):
    inner = mail(("deep.txt", b"deep"))
    add(mail(("report.pdf", pdf()), ("inner.eml", inner)))
    add(b"Mars is red.", "other.txt")
    assert "mail.eml › inner.eml › deep.txt" in held(library)
    library.remove("mail.eml › report.pdf")
    assert len(held(library)) == 4
    library.remove("mail.eml")
    assert held(library) == {"other.txt": ""}
    assert library.verify().problems == ()


def test_a_new_version_brings_its_own(library, add):
    add(mail(("old.txt", b"old"), ("same.txt", b"same"), ("changed.txt", b"first")))
    outcomes = add(mail(("same.txt", b"same"), ("changed.txt", b"second"), ("new.txt", b"new")))
    assert outcomes["mail.eml › changed.txt"] == ("replaced", ())
    assert "mail.eml › same.txt" not in outcomes
    assert sorted(held(library)) == [
        "mail.eml",
        "mail.eml › changed.txt",
        "mail.eml › new.txt",
        "mail.eml › same.txt",
    ]
    assert library.text("mail.eml › changed.txt") == "second"


def test_indexed_again_nothing_is_there_twice(library, add):
    add(mail(("note.txt", b"note")))
    library.reindex()
    library.work()
    assert held(library) == {"mail.eml": "", "mail.eml › note.txt": "mail.eml"}
    assert library.verify().problems == ()


def test_bytes_that_are_here_already_are_named(library, add):
    add(b"note", "note.txt")
    outcomes = add(mail(("copy.txt", b"note")))
    assert outcomes["mail.eml"] == (
        "added",
        (
            "the attachment copy.txt was not added: the same bytes are already in the library "
            "as 'note.txt'",
        ),
    )
    assert held(library) == {"mail.eml": "", "note.txt": ""}
    (document,) = (d for d in library.documents() if d.name == "mail.eml")
    assert "copy.txt was not added" in document.warnings


def test_a_file_that_cannot_be_read_fails_alone(library, add):
    outcomes = add(mail(("locked.pdf", pdf(password="secret"))))
    assert outcomes["mail.eml"] == ("added", ())
    assert outcomes["mail.eml › locked.pdf"][0] == "failed"


def test_mails_in_mails_have_a_limit(library, add):
    data = mail(("deepest.txt", b"deepest"))
    for _ in range(DEEPEST):
        data = mail(("m.eml", data))
    outcomes = add(data)
    assert sorted(outcomes) == ["mail.eml", "mail.eml › m.eml", "mail.eml › m.eml › m.eml"]
    assert outcomes["mail.eml › m.eml › m.eml"][1] == (
        "what is attached to it was not added: it is within 2 others",
    )


def test_a_mail_that_is_read_from_its_stored_text_keeps_them(library, add, monkeypatch):
    add(mail(("note.txt", b"note")))
    for digest in {document.digest for document in library.documents()}:
        library._files.path(digest).write_bytes(b"")  # as if it could not be read any more
    library.reindex(["mail.eml"])
    library.work()
    assert held(library) == {"mail.eml": "", "mail.eml › note.txt": "mail.eml"}


def test_a_long_name_begins_with_the_mail_s_and_two_stay_two(library, add):
    names = [f"{'x' * 120}{middle}{'y' * 120}.txt" for middle in "ab"]
    outcomes = add(mail(*((name, name.encode()) for name in names)), f"{'m' * 180}.eml")
    attached = [name for name in outcomes if SEPARATOR in name]
    assert len(attached) == 2
    for name in attached:
        assert name.startswith("m" * 140 + SEPARATOR + "x")
        assert name.endswith("yyyyyyyy.txt")
        assert len(name) <= LONGEST_NAME
    assert sorted(library.text(name) for name in attached) == names


def test_those_of_two_mails_with_long_names_stay_two(library, add):
    for end in "ab":
        add(mail(("note.txt", end.encode()), body=end), f"{'m' * 160} {end}.eml")
        add(mail(("note.txt", f"long {end}".encode()), body=end), f"{'n' * 185} {end}.eml")
    texts = [library.text(name) for name, parent in held(library).items() if parent]
    assert sorted(texts) == ["a", "b", "long a", "long b"]
