import pytest
from pypdfium2 import PdfDocument
from reportlab.lib.utils import simpleSplit

from ingest.loaders import load, pdf_letters, pdf_text
from ingest.loaders.base import LOCKED
from rag.errors import DocumentError
from tests.ingest.build import SENTENCE, encrypted, pdf

LEFT = "The left column speaks of rivers and of the towns that stand along their banks. " * 5
RIGHT = "On the right side we read about mountains, and how people cross them in winter. " * 5


def loaded(tmp_path, data, password=""):
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    return load(path, password)


def texts(pages):
    return [b.text for page in pages for b in page.blocks]


def column(canvas, text, x, top):
    for index, line in enumerate(simpleSplit(text, "Helvetica", 10, 215)):
        canvas.drawString(x, top - 12 * index, line)


def test_columns_are_read_one_after_the_other(tmp_path):
    def draw(canvas):
        canvas.setFont("Helvetica", 10)
        canvas.drawString(
            72, 780, "A line that runs over both of the columns of this page, as titles do."
        )
        left = simpleSplit(LEFT, "Helvetica", 10, 215)
        right = simpleSplit(RIGHT, "Helvetica", 10, 215)
        for index in range(max(len(left), len(right))):  # drawn line by line, left and right
            for x, lines in ((72, left), (310, right)):
                if index < len(lines):
                    canvas.drawString(x, 750 - 12 * index, lines[index])

    text = " ".join(texts(loaded(tmp_path, pdf(draw))))
    assert text.index("A line that runs over both") < text.index("The left column")
    assert LEFT.strip() in text
    assert RIGHT.strip() in text
    assert text.index("left column") < text.index("right side")


def test_table_rows_stay_rows(tmp_path):
    rows = [b.text for b in loaded(tmp_path, pdf())[0].blocks if b.kind == "row"]
    assert rows == ["Planet | Moons | Year length (days)", "Mars | 2 | 687", "Venus | 0 | 225"]


def test_money_signs_join_their_numbers(tmp_path):
    def draw(canvas):
        canvas.setFont("Helvetica", 10)
        for index, (name, a, b) in enumerate(
            [("Cash", "27,502", "34,940"), ("Debt", "(10", "243")]
        ):
            y = 700 - 14 * index
            canvas.drawString(72, y, name)
            for x, value in ((300, a), (400, b)):
                canvas.drawString(x, y, "$")
                canvas.drawString(x + 30, y, value)
            if a.startswith("("):
                canvas.drawString(300 + 30 + 20, y, ")")

    assert texts(loaded(tmp_path, pdf(draw))) == ["Cash | $27,502 | $34,940",
                                                                "Debt | $(10) | $243"]  # fmt: skip


def test_words_cut_at_line_ends_are_mended(tmp_path):
    def draw(canvas):
        lines = [
            "The informa-",
            "tion in a well-",
            "known of\u00adfice is on our",
            "shelf of e\ufb03cient books.",
        ]
        for index, line in enumerate(lines):
            canvas.drawString(72, 700 - 13 * index, line.replace("\ufb03", "ffi"))

    (text,) = texts(loaded(tmp_path, pdf(draw)))
    assert text.startswith("The information in a well")
    assert "office" in text.replace("-", "")


def test_a_compound_cut_at_a_line_end_keeps_its_hyphens(tmp_path):
    def draw(canvas):
        lines = [
            "Services grew. Year-",
            "over-year growth was state-of-",
            "the-art, a fore-",
            "cast.",
        ]
        for index, line in enumerate(lines):
            canvas.drawString(72, 700 - 13 * index, line)

    assert texts(loaded(tmp_path, pdf(draw))) == [
        "Services grew. Year-over-year growth was state-of-the-art, a forecast."
    ]


def test_running_lines_and_page_numbers_stay_once(tmp_path):
    numbers = iter(range(1, 7))

    def draw(canvas):
        number = next(numbers)
        canvas.drawString(72, 810, "Yearly report of the club")
        canvas.drawString(72, 600, f"Body text number {number} is here and says something.")
        canvas.drawString(300, 30, str(number))

    found = texts(loaded(tmp_path, pdf(draw, pages=6)))
    assert found.count("Yearly report of the club") == 1
    assert sum("Body text number" in t for t in found) == 6
    assert not {"1", "2", "6"} & set(found)


def test_text_inside_a_form_is_read(tmp_path):
    def draw(canvas):
        canvas.beginForm("stamp")
        canvas.drawString(100, 500, "Inside a form")
        canvas.endForm()
        canvas.doForm("stamp")

    assert "Inside a form" in texts(loaded(tmp_path, pdf(draw)))


def test_sideways_text_is_read_last(tmp_path):
    def draw(canvas):
        canvas.rotate(90)
        canvas.drawString(100, -20, "Sideways note")
        canvas.rotate(-90)
        canvas.drawString(72, 700, "Upright words come first on this page.")

    assert texts(loaded(tmp_path, pdf(draw))) == [
        "Upright words come first on this page.",
        "Sideways note",
    ]


def test_pages_are_numbered_even_when_empty(tmp_path):
    turns = iter([True, False, True])

    def draw(canvas):
        if next(turns):
            canvas.drawString(72, 700, "Words on a page.")

    pages = loaded(tmp_path, pdf(draw, pages=3))
    assert [(p.number, len(p.blocks)) for p in pages] == [(1, 1), (2, 0), (3, 1)]


def test_encrypted(tmp_path):
    locked = pdf(password="open sesame")
    with pytest.raises(DocumentError, match="a password is needed"):
        loaded(tmp_path, locked)
    with pytest.raises(DocumentError, match="the given password does not open it"):
        loaded(tmp_path, locked, "guess")
    assert SENTENCE in texts(loaded(tmp_path, locked, "open sesame"))


@pytest.mark.parametrize("algorithm", ["RC4-40", "RC4-128", "AES-128", "AES-256-R5", "AES-256"])
def test_every_encryption_opens_with_its_password(tmp_path, algorithm):
    locked = encrypted(pdf(), "pässword", "owner", algorithm)
    with pytest.raises(DocumentError, match=f"^{LOCKED}: a password is needed"):
        loaded(tmp_path, locked)
    for password in ("pässword", "owner"):
        blocks = [b for page in loaded(tmp_path, locked, password) for b in page.blocks]
        assert SENTENCE in [b.text for b in blocks]
        assert all(b.words for b in blocks), "PDFium opens it too"
    assert SENTENCE in texts(loaded(tmp_path, encrypted(pdf(), "", "owner", algorithm)))


def test_no_text_at_all(tmp_path):
    def draw(canvas):
        canvas.rect(50, 50, 300, 300, fill=1)

    with pytest.raises(DocumentError, match="nothing to read"):
        loaded(tmp_path, pdf(draw))


def test_only_a_header(tmp_path):
    with pytest.raises(DocumentError, match="damaged"):
        loaded(tmp_path, b"%PDF-1.7\n%nothing")


def test_letters_drawn_one_by_one_are_all_read(tmp_path):
    """PDFium takes the second of two slanted, overlapping letters for a shadow of the first."""

    def draw(canvas):
        x = 72
        canvas.setFont("Times-BoldItalic", 20)
        for letter in "Affairs suffer":
            canvas.drawString(x, 700, letter)
            x += canvas.stringWidth(letter)

    assert texts(loaded(tmp_path, pdf(draw))) == ["Affairs suffer"]


def test_a_gap_narrower_than_the_font_s_space_parts_words(tmp_path):
    def draw(canvas):
        text = canvas.beginText(72, 700)
        text.setFont("Courier", 10)  # its space is 6 points wide, the gaps are 3.4
        text._code.append("[(Each) -340 (package) -340 (has) -340 (a) -340 (priority)] TJ")
        canvas.drawText(text)

    assert texts(loaded(tmp_path, pdf(draw))) == ["Each package has a priority"]


@pytest.mark.parametrize(
    ("drawn", "read"),
    [
        ("3.3 Tc (An) Tj 0 Tc 15.52 0 Td (ull directory) Tj", "A null directory"),
        ("2.84 Tc [(,i) 284 (ti) 284 (sp)] TJ 0 Tc 28.25 0 Td (rocessed) Tj", ", it is processed"),
        ("3 Tc (TOTAL) Tj", "TOTAL"),
        ("[(W) 80 (ord) -60 (s)] TJ", "Words"),
    ],
)
def test_a_gap_that_pdfium_reads_no_space_in_parts_words(drawn, read, tmp_path):
    """Ghostscript spaces two letters out for it; a whole word of such letters stays together."""

    def draw(canvas):
        text = canvas.beginText(72, 700)
        text.setFont("Times-Roman", 10)
        text._code.append(drawn)
        canvas.drawText(text)

    assert texts(loaded(tmp_path, pdf(draw))) == [read]


def test_a_space_at_the_end_of_a_font_parts_words(tmp_path):
    def draw(canvas):
        text = canvas.beginText(72, 700)
        for font, words in (
            ("Times-Roman", "if "),
            ("Times-Bold", "crond"),
            ("Times-Roman", " runs"),
        ):
            text.setFont(font, 10)
            text.textOut(words)
        canvas.drawText(text)

    assert texts(loaded(tmp_path, pdf(draw))) == ["if crond runs"]


def test_a_shadow_is_read_once(tmp_path):
    def draw(canvas):
        for shift in (0, 0.7):
            canvas.drawString(72 + shift, 700, "Fat letters")

    assert texts(loaded(tmp_path, pdf(draw))) == ["Fat letters"]


def test_a_page_that_pdfium_reads_no_text_of_is_read_by_pypdf(tmp_path, monkeypatch):
    monkeypatch.setattr("ingest.loaders.pdf.page_runs", lambda page: [])
    blocks = [b for page in loaded(tmp_path, pdf()) for b in page.blocks]
    assert any(SENTENCE in b.text for b in blocks)
    assert not any(b.words for b in blocks)


def test_what_cannot_be_seen_is_no_word(monkeypatch):
    """A zero-width space alone in a font, as some writers leave between two words."""
    monkeypatch.setattr(pdf_letters, "UNREAD", frozenset(map(ord, SENTENCE)) - {32})
    page = PdfDocument(pdf())[0]
    assert SENTENCE not in " ".join(run.text for run in pdf_text.page_runs(page))
