"""Files of which a part is not read: the rest is, and the part is named."""

import io
import itertools
import re
from email.message import EmailMessage

import openpyxl
import pytest
from openpyxl.worksheet.formula import ArrayFormula
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import IndirectObject, NameObject

from ingest.loaders import LoadOptions, read
from ingest.loaders.eml import DEEPEST
from ingest.loaders.pictures import NEEDS_OCR, Pictures
from rag.errors import DocumentError
from tests.ingest.build import MARS, SENTENCE, encrypted, pdf, sheet

PAGE = re.compile(rb"/Type /Page\b")


def partly(tmp_path, data, name, password="", **options):
    """Return the blocks' texts and the warnings."""
    path = tmp_path / name
    path.write_bytes(data)
    loaded = read(path, LoadOptions(password, **options))[1]
    return [b.text for page in loaded.pages for b in page.blocks], loaded.warnings


def numbered(count, blank=()):
    numbers = itertools.count(1)

    def draw(canvas):
        number = next(numbers)
        if number not in blank:
            for line in range(30):
                canvas.drawString(72, 800 - 14 * line, f"Line {line} of page number {number}.")

    return pdf(draw, pages=count)


def without_objects(data, *pages):
    """Overwrite the objects of these pages."""
    places = [match.start() for match in PAGE.finditer(data)]
    for page in pages:
        start = data.rfind(b"obj", 0, places[page - 1]) + 3
        end = data.index(b"endobj", start)
        data = data[:start] + b"\xff" * (end - start) + data[end:]
    return data


def without_contents(data, page):
    """Overwrite the instructions of a page."""
    starts = [m.end() for m in re.finditer(rb"(?<!end)stream\r?\n", data)]
    end = data.index(b"endstream", starts[page - 1])
    return data[: starts[page - 1]] + b"\0" * (end - starts[page - 1]) + data[end:]


def test_damaged_pages_are_named_and_the_others_read(tmp_path):
    texts, warnings = partly(tmp_path, without_objects(numbered(9), 2, 5, 6, 7), "a.pdf")
    for number in (1, 3, 4, 8, 9):
        assert any(f"of page number {number}." in text for text in texts)
    assert warnings == (
        "the file is damaged and was read as far as possible",
        "pages 2, 5–7 were not read, because of damage in the file",
    )


@pytest.mark.parametrize("page", [1, 3])
def test_a_page_whose_instructions_are_damaged_is_named(tmp_path, page):
    texts, warnings = partly(tmp_path, without_contents(numbered(3), page), "a.pdf")
    assert len(texts) == 2
    assert warnings == (f"page {page} was not read, because of damage in the file",)


def test_a_page_whose_instructions_are_not_in_the_file_is_named(tmp_path):
    writer, data = PdfWriter(clone_from=io.BytesIO(numbered(3))), io.BytesIO()
    writer.pages[1][NameObject("/Contents")] = IndirectObject(999, 0, writer)
    writer.write(data)
    texts, warnings = partly(tmp_path, data.getvalue(), "a.pdf")
    assert len(texts) == 2
    assert warnings == ("page 2 was not read, because of damage in the file",)


def test_a_page_that_pypdf_does_not_know_is_read(tmp_path):
    data = PAGE.sub(b"/Type /Pagx", numbered(3), count=1)
    texts, warnings = partly(tmp_path, data, "a.pdf")
    assert len(texts) == 2
    assert "page number 2." in texts[0]
    assert warnings == ("page 1 was not read, because of damage in the file",)


def test_a_count_that_is_a_lie_makes_no_pages(tmp_path):
    data = numbered(3).replace(b"/Count 3", b"/Count 900000")
    texts, warnings = partly(tmp_path, data, "a.pdf")
    assert (len(texts), warnings) == (3, ())


def test_a_blank_page_is_no_damage(tmp_path):
    assert partly(tmp_path, numbered(3, blank=[2]), "a.pdf")[1] == ()


def test_pages_that_are_pictures_are_named(tmp_path):
    picture = Image.new("RGB", (30, 30), "red")
    numbers = itertools.count(1)

    def draw(canvas):
        if next(numbers) == 2:
            canvas.drawInlineImage(picture, 100, 100, 400, 600)
        else:
            canvas.drawString(72, 700, "Words on a page.")

    texts, warnings = partly(tmp_path, pdf(draw, pages=3), "a.pdf")
    assert len(texts) == 2
    assert warnings == (f"page 2 was not read: only pictures there (scans?); {NEEDS_OCR}",)


@pytest.mark.parametrize("fault", [RecursionError, AssertionError, ZeroDivisionError, KeyError])
def test_a_page_that_pypdf_fails_on_does_not_refuse_the_others(tmp_path, monkeypatch, fault):
    def fails(page, *_):
        raise fault

    monkeypatch.setattr("pypdf.PageObject.extract_text", fails)
    texts, warnings = partly(tmp_path, numbered(3, blank=[2]), "a.pdf")
    assert (len(texts), warnings) == (2, ())


def test_a_line_of_nothing_but_dots_is_no_line(tmp_path):
    def draw(canvas):
        canvas.drawString(72, 700, ". . . . . . . . . . . .")
        canvas.drawString(72, 600, SENTENCE)

    assert partly(tmp_path, pdf(draw), "a.pdf") == ([SENTENCE], ())


def test_a_locked_pdf_that_pypdf_cannot_open_asks_for_its_password(tmp_path, monkeypatch):
    def fails(*_):
        raise ValueError

    monkeypatch.setattr("ingest.loaders.pdf.PdfReader", fails)
    data = encrypted(pdf(), "secret", algorithm="AES-256")
    with pytest.raises(DocumentError, match="a password is needed"):
        partly(tmp_path, data, "a.pdf")
    assert SENTENCE in partly(tmp_path, data, "a.pdf", "secret")[0]


def test_hidden_sheets_are_left_out_by_name(tmp_path):
    book = openpyxl.load_workbook(io.BytesIO(sheet()))
    for title, state in (("Salaries", "hidden"), ("Keys", "veryHidden"), ("Notes", "visible")):
        book.create_sheet(title, 0).append([f"in {title}"])
        book[title].sheet_state = state
    book.active = book["Notes"]
    texts, warnings = partly(tmp_path, saved(book), "a.xlsx")
    assert MARS in texts
    assert "in Notes" in texts
    assert not any("Salaries" in text or "Keys" in text for text in texts)
    left_out = "2 hidden sheets were left out: “Keys”, “Salaries” (option hidden_sheets)"
    assert warnings == (left_out,)
    texts, warnings = partly(tmp_path, saved(book), "a.xlsx", hidden_sheets=True)
    assert {"in Notes", "in Keys", "in Salaries", MARS} < set(texts)
    assert warnings == ()


def test_formulas_without_results_are_read_as_formulas(tmp_path):
    book = openpyxl.load_workbook(io.BytesIO(sheet()))
    book.active.append(["Sum", "=SUM(B3:B4)", "=C3+C4"])
    book.active["A7"] = ArrayFormula("A7:A8", "=B3:B4*2")
    texts, warnings = partly(tmp_path, saved(book), "a.xlsx")
    assert MARS in texts
    assert (
        "Planet: Sum; Moons: =SUM(B3:B4) (formula, not computed); "
        "Year length (days): =C3+C4 (formula, not computed)"
    ) in texts
    assert "Planet: =B3:B4*2 (formula, not computed)" in texts
    assert len(warnings) == 1
    assert warnings[0].startswith("3 formulas have no stored result and stand as formulas; open")
    assert partly(tmp_path, sheet(), "b.xlsx")[1] == ()


def message(*attached, body="Hello.", subject="Planets"):
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "a@example.org", subject
    mail.set_content(body)
    for name, data in attached:
        if isinstance(data, EmailMessage):
            mail.add_attachment(data)
        else:
            mail.add_attachment(data, maintype="application", subtype="x", filename=name)
    return mail


def attached(tmp_path, mail, **options):
    """The texts of a message, what is attached to it, and the warnings."""
    path = tmp_path / "a.eml"
    path.write_bytes(mail.as_bytes())
    loaded = read(path, LoadOptions(**options))[1]
    return [b.text for b in loaded.pages[0].blocks], dict(loaded.attached), loaded.warnings


def test_attachments_are_handed_over_or_named(tmp_path):
    mail = message(
        ("report.pdf", pdf()),
        ("../report.pdf", b"%PDF-another"),
        ("logo.gif", b"GIF89a"),
        ("photo.png", b"\x89PNG\r\n"),
    )
    mail.add_attachment(
        b"1", maintype="image", subtype="png", filename="logo.png", cid="<logo@example.org>"
    )
    texts, files, warnings = attached(tmp_path, mail)
    assert "Attachments: report.pdf, ../report.pdf, logo.gif, photo.png, logo.png" in texts
    assert SENTENCE not in texts
    assert files == {"report.pdf": pdf(), "report (2).pdf": b"%PDF-another"}
    assert warnings == (
        "the attachment logo.gif was not added: its format is not supported",
        f"the attachment photo.png was not added: it is a picture; {NEEDS_OCR}",
        "the attachment logo.png was not added: it is a picture within the text",
    )
    files = attached(tmp_path, mail, pictures=Pictures(asking=True))[1]
    assert list(files) == ["report.pdf", "report (2).pdf", "photo.png"]


def test_forwarded_messages_are_read_down_to_a_limit(tmp_path):
    mail = message(body="level 0")
    for level in range(1, DEEPEST + 2):
        mail = message(("", mail), ("same.txt", b"%d" % level), body=f"level {level}")
    texts, files, warnings = attached(tmp_path, mail)
    assert [text for text in texts if text.startswith("level")] == ["level 4", "level 3", "level 2"]
    assert files == {"same (3).txt": b"4", "same (2).txt": b"3", "same.txt": b"2"}
    assert warnings == (
        "the attachment without a name was not added: it is a message within 3 others",
    )


@pytest.mark.parametrize(("limit", "most"), [("MOST_ATTACHMENTS", 2), ("MOST_BYTES", 13)])
def test_too_many_attachments_are_named(tmp_path, monkeypatch, limit, most):
    monkeypatch.setattr(f"ingest.loaders.eml.{limit}", most)
    mail = message(*((f"{n}.txt", f"note {n}".encode()) for n in range(3)))
    _, files, warnings = attached(tmp_path, mail)
    assert list(files.values()) == [b"note 0", b"note 1"]
    assert len(warnings) == 1
    assert warnings[0].startswith("the attachment 2.txt was not added: the message has more than")


def saved(document):
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()
