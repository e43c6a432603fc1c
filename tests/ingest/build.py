"""Small documents of every format, made for the tests; each holds the same facts of Mars."""

import io
import json
import zipfile
from contextlib import closing
from email.message import EmailMessage

import docx
import openpyxl
import pptx
from pypdf import PdfReader, PdfWriter
from pypdf.generic import RectangleObject
from reportlab.pdfgen.canvas import Canvas

from ingest.parse import Parser
from tests.fakes import words_tokeniser

ROWS = [["Planet", "Moons", "Year length (days)"], ["Mars", "2", "687"], ["Venus", "0", "225"]]
MARS = "Planet: Mars; Moons: 2; Year length (days): 687"
HEADING = "The planets"
SENTENCE = "Mars has two moons."


def pdf(draw=None, password="", pages=1):
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(595, 842), invariant=1)  # the same bytes at any time
    for _ in range(pages):
        (draw or _planets)(canvas)
        canvas.showPage()
    canvas.save()
    return encrypted(buffer.getvalue(), password) if password else buffer.getvalue()


def _planets(canvas):
    canvas.setFont("Helvetica-Bold", 18)
    canvas.drawString(72, 770, HEADING)
    canvas.setFont("Helvetica", 11)
    canvas.drawString(72, 740, SENTENCE)
    for index, row in enumerate(ROWS):
        for column, cell in enumerate(row):
            canvas.drawString(72 + 150 * column, 700 - 14 * index, cell)


def encrypted(data, password, owner=None, algorithm="RC4-128"):
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.encrypt(password, owner, algorithm=algorithm)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def turned(data, degrees, crop=(0, 0, 595, 842)):
    """The same PDF, whose first page a reader shows turned by so many degrees, and cropped."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.pages[0].cropbox = RectangleObject(crop)
    writer.pages[0].rotate(degrees)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def parse(path, settings, password="", name=""):
    """One document in a parsing process of its own."""
    with closing(Parser(settings, words_tokeniser())) as parser:
        return parser.parse(path, "0" * 64, name or path.name, password)


def word():
    document = docx.Document()
    document.add_heading(HEADING, 1)
    document.add_paragraph(SENTENCE)
    table = document.add_table(rows=0, cols=3)
    for row in ROWS:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    document.add_heading("After the table", 2)
    return _saved(document)


def slides():
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[5])
    slide.shapes.title.text = HEADING
    size = [pptx.util.Inches(n) for n in (1, 2, 6, 2)]
    slide.shapes.add_textbox(*size).text_frame.text = SENTENCE
    table = slide.shapes.add_table(len(ROWS), 3, *size).table
    for i, row in enumerate(ROWS):
        for j, text in enumerate(row):
            table.cell(i, j).text = text
    slide.notes_slide.notes_text_frame.text = "Say it slowly."
    show.slides.add_slide(show.slide_layouts[5]).shapes.title.text = "The end"
    return _saved(show)


def sheet():
    book = openpyxl.Workbook()
    book.active.title = HEADING
    book.active.append([SENTENCE])
    for row in [ROWS[0], *([name, int(a), int(b)] for name, a, b in ROWS[1:])]:
        book.active.append(row)
    return _saved(book)


def html(**_):
    cells = "".join(
        "<tr>" + "".join(f"<{tag}>{c}</{tag}>" for c in row) + "</tr>"
        for tag, row in zip(("th", "td", "td"), ROWS, strict=True)
    )
    return (
        "<!doctype html><html><head><title>Astronomy</title><style>p{}</style></head><body>"
        f"<nav>Home | Shop</nav><h1>{HEADING}</h1><p>{SENTENCE}</p><table>{cells}</table>"
        "<ul><li>one<ul><li>inner</li></ul></li><li>two</li></ul><pre>a = 1\n  b = 2</pre>"
        "<p style='display: none'>secret</p><script>alert()</script></body></html>"
    ).encode()


def markdown():
    rows = ["| " + " | ".join(row) + " |" for row in ROWS]
    rows.insert(1, "|---|---|---|")
    return (
        f"# {HEADING}\n\nMars has *two* [moons](http://x.y).\n\n".encode()
        + "\n".join([*rows, "", "- one", "  - inner", "- two", "", "```", "a = 1", "```"]).encode()
    )


def comma():
    return "\n".join(",".join(row) for row in ROWS).encode()


def objects():
    return [dict(zip(ROWS[0], row, strict=True)) for row in ROWS[1:]]


def json_text():
    return json.dumps({HEADING: objects(), "note": SENTENCE}).encode()


def json_lines():
    return "\n".join(json.dumps(value) for value in objects()).encode()


def epub(chapters=None):
    chapters = chapters or {"two.xhtml": "<h1>Second</h1><p>x</p>", "one.xhtml": html().decode()}
    items = "".join(f'<item id="{n[:3]}" href="{n}"/>' for n in chapters)
    spine = "".join(f'<itemref idref="{n[:3]}"/>' for n in sorted(chapters))
    return archive(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container><rootfile full-path="in/book.opf"/></container>',
            "in/book.opf": f"<package><manifest>{items}</manifest><spine>{spine}</spine></package>",
            **{f"in/{name}": text for name, text in chapters.items()},
        }
    )


def mail(body=SENTENCE, subtype="plain"):
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = HEADING, "a@example.org", "b@example.org"
    message["Date"] = "Mon, 02 Nov 2026 10:00:00 +0000"
    message.set_content(body, subtype=subtype)
    message.add_attachment(b"1", maintype="image", subtype="png", filename="mars.png")
    return message.as_bytes()


def archive(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return buffer.getvalue()


def _saved(document):
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


MAKERS = {
    ".pdf": pdf,
    ".docx": word,
    ".pptx": slides,
    ".xlsx": sheet,
    ".html": html,
    ".md": markdown,
    ".txt": lambda: f"{HEADING}\n===========\n\n{SENTENCE}".encode(),
    ".csv": comma,
    ".tsv": lambda: comma().replace(b",", b"\t"),
    ".json": json_text,
    ".jsonl": json_lines,
    ".epub": epub,
    ".eml": mail,
}
