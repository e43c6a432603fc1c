"""Files that are meant to do harm, made here: none of them is kept in the project.

``size`` grows them: 1 makes each small enough for every run of the tests.
"""

from __future__ import annotations

import gzip
import io
import random
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import docx
import openpyxl
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import RectangleObject

from tests.ingest.build import MAKERS, archive, mail, pdf, word

Made = tuple[str, bytes]
SAMPLES = Path(__file__).resolve().parents[2] / "sample_docs"
MUTANTS = (".pdf", ".docx", ".pptx", ".xlsx", ".epub", ".html", ".eml", ".md")


def bombs(size: int) -> Iterator[Made]:
    """Small files that unpack to large ones."""
    zeros = b"0" * (size * 8_000_000)
    yield "zip.docx", archive({"word/document.xml": zeros})
    yield "zip-inside.docx", archive({"word/document.xml": word(), "a.zip": archive({"a": zeros})})
    yield "many.docx", archive({"word/document.xml": "<a/>"} | {f"{n}": "" for n in range(21_000)})
    yield "gzip.txt", gzip.compress(zeros)
    yield "flate.pdf", _with_contents(zlib.compress(zeros), "FlateDecode")
    yield (
        "flate-twice.pdf",
        _with_contents(zlib.compress(zlib.compress(zeros)), "FlateDecode", "FlateDecode"),
    )
    text = b"BT /F1 9 Tf 72 700 Td " + b"(bomb) Tj 0 -9 Td " * (size * 8_000) + b"ET"
    yield "words.pdf", _with_contents(zlib.compress(text), "FlateDecode")
    yield "attached.eml", mail(f"{'A' * 70}\n" * (size * 2_000))
    cells = "<row>" + "<c><v>1</v></c>" * 200 + "</row>"
    yield "cells.xlsx", _sheet("<sheetData>" + cells * (size * 150) + "</sheetData>")


def entities(_size: int) -> Iterator[Made]:
    """XML that grows or reads other files."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><x>&l11;</x>'
    outside = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    late = "<!--" + " " * 70_000 + "-->" + bomb
    for name, member in (
        ("docx", "word/document.xml"), ("pptx", "ppt/presentation.xml"),
        ("xlsx", "xl/workbook.xml"), ("epub", "META-INF/container.xml"),
    ):  # fmt: skip
        for kind, text in (("laughs", bomb), ("outside", outside), ("late", late)):
            yield f"{kind}.{name}", archive({member: text})
            yield f"{kind}-whole.{name}", _replaced(MAKERS[f".{name}"](), member, text)
    yield "laughs.html", b"<!doctype html>" + bomb.encode()
    yield "laughs.xhtml", b'<?xml version="1.0"?>' + outside.encode()


def nested(size: int) -> Iterator[Made]:
    """Parts within parts within parts."""
    deep = size * 20_000
    yield "arrays.json", b"[" * deep + b"]" * deep
    yield "half.json", b"[" * 700 + b"]" * 700
    yield "objects.json", b'{"a":' * 700 + b"1" + b"}" * 700
    yield "elements.html", b"<div>" * deep + b"words"
    yield "lists.html", b"<ul><li>" * deep + b"words"
    yield "tables.html", b"<table><tr><td>" * deep + b"words"
    yield "spans.html", b"<p>" + b"<b><i>" * deep + b"words"
    yield "quotations.md", b"> " * deep + b"words"
    yield "lists.md", b"- " * deep + b"words"
    yield "brackets.md", b"[" * deep + b"words" + b"](a)" * deep
    part = b"Content-Type: multipart/mixed; boundary=x%d\n\n--x%d\n"
    yield "parts.eml", b"From: a@b.c\n" + b"".join(part % (n, n) for n in range(size * 1_000))
    yield "messages.eml", b"From: a@b.c\n" + b"Content-Type: message/rfc822\n\n" * (size * 1_000)
    yield "tree.pdf", _page_tree(size * 1_500)
    xml = "<w:p>" * (size * 5_000) + "</w:p>" * (size * 5_000)
    yield "paragraphs.docx", _replaced(word(), "word/document.xml", _word_xml(xml))
    yield "epub.epub", MAKERS[".epub"]({"one.xhtml": "<div>" * deep + "words"})


def huge(size: int) -> Iterator[Made]:
    """Dimensions that nobody needs."""
    for side in (14_400, 10**9, 10**30):
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf())))
        writer.pages[0].mediabox = RectangleObject((0, 0, side, side))
        yield f"page-{len(str(side))}.pdf", _written(writer)
    yield "count.pdf", pdf().replace(b"/Count 1", b"/Count 2000000000")
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = "here", "far"
    yield "far.xlsx", _saved(book)
    rows = "".join(f'<row r="{n * 90}"><c r="XFD{n * 90}" t="str"><v>far</v></c></row>'
                   for n in range(1, size * 150))  # fmt: skip
    yield "far-rows.xlsx", _sheet(f"<sheetData>{rows}</sheetData>")
    yield "columns.csv", b"a," * (size * 50_000)
    yield "names.csv", b"n" * 100_000 + b",b\n" + b"1,2\n" * (size * 5_000)
    spans = b"<td rowspan=100000 colspan=100000>a long text of a cell</td>"
    yield "spans.html", b"<table>" + (b"<tr>" + spans * 9) * (size * 100)
    yield "digits.json", b"[" + b"9" * (size * 1_000_000) + b", 1e999999]"
    image = b"q 1 0 0 1 0 0 cm BI /W 2000000000 /H 2000000000 /BPC 8 /CS /RGB ID \0 EI Q"
    yield "image.pdf", _with_contents(image)


def pictures(size: int) -> Iterator[Made]:
    """Pictures that are large, hollow or cut short, alone and in other files."""
    for name, side in (("large", 9_000), ("too-large", 14_000)):
        picture = Image.new("1", (side, side))
        yield f"{name}.png", _image(picture, "PNG")
        yield f"{name}.tif", _image(picture, "TIFF", compression="group4")
    yield "long.png", _image(Image.new("L", (16, size * 60_000)), "PNG")
    header = bytearray(_image(Image.new("L", (9, 9)), "PNG"))
    header[16:24] = b"\x7f\xff\xff\xff" * 2
    yield "lie.png", bytes(header)
    noise = random.Random(1).randbytes(150 * 150)
    data = _image(Image.frombytes("L", (150, 150), noise), "JPEG")
    yield "noise.jpg", data
    yield "cut.jpg", data[: len(data) // 2]
    yield "frames.tif", _image(
        Image.new("1", (20, 20)), "TIFF", save_all=True,
        append_images=[Image.new("1", (20, 20), n % 2) for n in range(size * 10)],
    )  # fmt: skip
    loop = bytearray(_image(Image.new("L", (9, 9)), "TIFF"))
    loop[-4:] = loop[4:8]  # the last directory names the first one as the next
    yield "loop.tif", bytes(loop)
    document = docx.Document()
    for _ in range(3):
        document.add_picture(io.BytesIO(_image(Image.new("1", (6_000, 90)), "PNG")))
    yield "pictures.docx", _saved(document)


def quadratic(size: int) -> Iterator[Made]:
    """Text that slow patterns choke on."""
    many = size * 100_000
    for name, text in (
        ("dots", "."), ("initials", "A. "), ("spaces", " "), ("digits", "1,"), ("stars", "*a **"),
        ("ticks", "`a``"), ("brackets", "[a]("), ("images", "!["), ("tags", "<b "), ("bars", "a|"),
        ("comments", "<!-- a -->"), ("tildes", "~"), ("letters", "a"), ("hanzi", "土"),
    ):  # fmt: skip
        for suffix in ("txt", "md", "html"):
            yield f"{name}.{suffix}", (text * (many // len(text))).encode()
    yield "comments.bin.html", b"<!-- a -->" * 400 + b"<p>words"
    yield "quotes.csv", b'"' * many
    yield "one-cell.csv", b"a\n" * (many // 4) + b"a,b\n"
    for name, value in (("quotes", b'"'), ("comments", b"(a)"), ("names", b"a,"), ("open", b"(")):
        yield f"to-{name}.eml", b"From: a@b.c\nTo: " + value * many + b"\n\nbody"
    yield (
        "line.pdf",
        _with_contents(_drawn(f"1 0 0 1 {n * 20} 700 Tm" for n in range(size * 3_000))),
    )
    yield (
        "lines.pdf",
        _with_contents(_drawn(f"1 0 0 1 {n % 500} {n * 0.7:.1f} Tm" for n in range(size * 3_000))),
    )


def mutants(size: int, seed: int = 1) -> Iterator[Made]:
    """Sample documents and one that is made, with bytes that were turned, cut out or exchanged."""
    rng = random.Random(seed)
    samples = {path.name: path.read_bytes() for path in sorted(SAMPLES.iterdir())}
    known = (samples | {"made.pdf": pdf(pages=12)}).items()
    sources = {name: data for name, data in known if Path(name).suffix in MUTANTS}
    for number in range(size * 40):
        name = rng.choice(sorted(sources))
        change = rng.choice(CHANGES)
        yield f"{number}-{change.__name__[1:]}-{name}", change(sources[name], rng)


def _turned(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 10, 100, 1_000))):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(1, len(data))]


def _holed(data: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(data))
    end = min(len(data), start + rng.choice((1, 100, 10_000)))
    return data[:start] + data[end:]


def _spliced(data: bytes, rng: random.Random) -> bytes:
    a, b, to = (rng.randrange(len(data)) for _ in range(3))
    return data[:to] + data[min(a, b) : max(a, b)][:50_000] + data[to:]


def _zeroed(data: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(data))
    end = min(len(data), start + rng.choice((10, 1_000, 100_000)))
    return data[:start] + b"\0" * (end - start) + data[end:]


CHANGES = (_turned, _cut, _holed, _spliced, _zeroed)
GENERATORS: dict[str, Callable[[int], Iterator[Made]]] = {
    "bombs": bombs,
    "entities": entities,
    "nested": nested,
    "huge": huge,
    "pictures": pictures,
    "quadratic": quadratic,
    "mutants": mutants,
}


def _image(picture: Image.Image, kind: str, **options: object) -> bytes:
    data = io.BytesIO()
    picture.save(data, kind, **options)
    return data.getvalue()


def _with_contents(data: bytes, *filters: str) -> bytes:
    """Return a PDF of one page whose instructions are these bytes."""
    names = "".join(f"/{name}" for name in filters).encode()
    head = b"<</Length %d/Filter[%s]>>" % (len(data), names)
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R%s>>"
    fonts = b"/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>"
    return _raw_pdf([
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        page % fonts,
        head + b"stream\n" + data + b"\nendstream",
    ])  # fmt: skip


def _drawn(places: Iterator[str]) -> bytes:
    words = " ".join(f"{place} (some words) Tj" for place in places)
    return f"BT /F1 9 Tf {words} ET".encode()


def _page_tree(depth: int) -> bytes:
    """Return a PDF whose one page is so many levels below the root."""
    tree = (b"<</Type/Pages/Count 1/Kids[%d 0 R]>>" % (n + 3) for n in range(depth))
    return _raw_pdf([
        b"<</Type/Catalog/Pages 2 0 R>>", *tree, b"<</Type/Page/MediaBox[0 0 99 99]>>"
    ])  # fmt: skip


def _raw_pdf(objects: Sequence[bytes]) -> bytes:
    """Return a PDF of these objects, numbered from 1; the first is the catalogue."""
    data, places = b"%PDF-1.4\n", []
    for number, text in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    trailer = b"trailer<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF"
    return data + head + table + trailer % (len(objects) + 1, len(data))


def _word_xml(body: str) -> str:
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    return f'<w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>'


def _sheet(data: str) -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    text = f'<worksheet xmlns="{space}">{data}</worksheet>'
    return _replaced(MAKERS[".xlsx"](), "xl/worksheets/sheet1.xml", text)


def _replaced(data: bytes, member: str, text: str) -> bytes:
    """Return a zip file in which one member holds this text."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        members = {name: file.read(name) for name in file.namelist()}
    return archive(members | {member: text.encode()})


def _written(writer: PdfWriter) -> bytes:
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def _saved(book: openpyxl.Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
