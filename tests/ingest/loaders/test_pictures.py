"""Pages and pictures whose text is recognised: what loaders ask for, and where it goes."""

import io

import docx
import pptx
import pytest
from PIL import Image
from pptx.oxml.ns import qn

from ingest.loaders import LoadOptions, picture, read
from ingest.loaders.base import Block
from ingest.loaders.picture_files import opened
from ingest.loaders.pictures import (
    NEEDS_OCR,
    SCRIPTS,
    PictureLine,
    Pictures,
    PictureText,
    packed,
)
from rag.errors import DocumentError
from tests.ingest.build import SENTENCE, pdf
from tests.ingest.scans import as_file

RED = Image.new("RGB", (30, 30), "red")


def text(*lines):
    """A picture's text: lines of 20 pixels below each other, a box a line."""
    return PictureText(
        tuple(
            PictureLine(words, 0.9, ((0, len(words), (0, n, 100, n + 50)),), corners(words, n))
            for n, words in enumerate(lines)
        )
    )


def corners(words, line):
    right, y = 10 + 8 * len(words), 20 + 40 * line
    return (10, y, right, y, right, y + 20, 10, y + 20)


def blocks(tmp_path, data, name, pictures=None):
    """The blocks by page, and the warnings."""
    path = tmp_path / name
    path.write_bytes(data)
    options = LoadOptions(pictures=pictures if pictures is not None else Pictures())
    loaded = read(path, options)[1]
    return [[b.text for b in page.blocks] for page in loaded.pages], loaded.warnings


def pages(*kinds):
    """A PDF of pages with text, with a picture, or with a picture and few words."""
    waiting = iter(kinds)

    def draw(canvas):
        kind = next(waiting)
        if kind == "text":
            for line in range(30):
                canvas.drawString(72, 800 - 14 * line, f"This is line {line} of a page of text.")
        elif kind == "outlines":
            for n in range(60):
                canvas.line(72, 700 - n, 300, 700 - n)
        else:
            canvas.drawInlineImage(RED, 0, 0, 595, 842)
        if kind == "stamp":
            canvas.drawString(72, 20, "Confidential")
        if kind == "layer":
            for line in range(30):
                canvas.drawString(72, 800 - 14 * line, f"This is line {line} below a picture.")

    return pdf(draw, pages=len(kinds))


def test_only_pages_without_a_text_layer_of_their_own_are_asked_for(tmp_path):
    known = Pictures(asking=True)
    data = pages("text", "scan", "stamp", "layer", "outlines")
    blocks(tmp_path, data, "a.pdf", known)
    assert known.asked == ["2", "3", "5"]
    assert known.waits


def test_recognised_pages_stand_at_their_place_with_boxes(tmp_path):
    known = Pictures({"2": text(SENTENCE), "3": text("Nothing is lost.")}, asking=True)
    found, warnings = blocks(tmp_path, pages("text", "scan", "stamp"), "a.pdf", known)
    assert (found[1:], warnings) == ([[SENTENCE], ["Nothing is lost."]], ())
    assert not known.waits
    page = read(tmp_path / "a.pdf", LoadOptions(pictures=known))[1].pages[1]
    assert page.blocks[0].words == ((0, len(SENTENCE), (0, 0, 100, 50)),)


def test_a_pages_own_words_stay_if_its_picture_says_less(tmp_path):
    known = Pictures({"1": text("x")})
    assert blocks(tmp_path, pages("stamp", "text"), "a.pdf", known)[0][0] == ["Confidential"]


def test_what_was_not_read_is_named_with_its_reason(tmp_path):
    known = Pictures(reasons={"2": "it hung", "4": "it hung"}, otherwise="there was no time")
    data = pages("text", "scan", "stamp", "scan", "scan")
    assert blocks(tmp_path, data, "a.pdf", known)[1] == (
        "pages 2, 4 were not read: only pictures there (scans?); it hung",
        "page 5 was not read: only pictures there (scans?); there was no time",
        "of page 3 only the words beside a picture were read; there was no time",
    )


def test_without_recognition_a_scan_says_how_to_get_it(tmp_path):
    for data, name in ((pages("scan"), "a.pdf"), (as_file(RED, "PNG"), "a.png")):
        with pytest.raises(DocumentError, match=r"nothing to read.*pip install 'ranklens\[ocr\]'"):
            blocks(tmp_path, data, name)


def test_a_picture_without_text_is_no_document(tmp_path):
    with pytest.raises(DocumentError, match="found no text in its pictures"):
        blocks(tmp_path, as_file(RED, "PNG"), "a.png", Pictures({"1": PictureText()}))


@pytest.mark.parametrize(
    ("kind", "name"), [("PNG", "a.png"), ("JPEG", "a.jpg"), ("TIFF", "a.tiff"), ("WEBP", "a.webp")]
)
def test_pictures_are_documents(tmp_path, kind, name):
    path = tmp_path / "misnamed.txt"
    path.write_bytes(as_file(Image.new("RGB", (90, 30), "red"), kind))
    media_type, loaded = read(path, LoadOptions(pictures=Pictures({"1": text(SENTENCE)})))
    assert media_type == f"image/{kind.lower()}"
    assert [(page.number, page.blocks[0].text) for page in loaded.pages] == [(1, SENTENCE)]
    assert picture(path, "1", LoadOptions()).size == (90, 30)


def test_a_tiff_has_pages(tmp_path):
    data = as_file(RED, "TIFF", more=[RED, RED])
    known = Pictures({"1": text("one"), "3": text("three")}, otherwise="there was no time")
    found, warnings = blocks(tmp_path, data, "a.tif", known)
    assert found == [["one"], [], ["three"]]
    assert warnings == ("page 2 not read: pictures; there was no time",)


def test_a_picture_is_opened_upright_in_rgb_on_white(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter when it was taken
    data = io.BytesIO()
    Image.new("RGB", (80, 20), "white").save(data, "JPEG", exif=exif)
    assert opened(data).size == (20, 80)
    square = opened(io.BytesIO(as_file(Image.new("L", (5_000, 5_000)), "PNG"))).size
    assert 4_300_000 < square[0] * square[1] <= 4_400_000
    clear = opened(io.BytesIO(as_file(Image.new("RGBA", (9, 9), (0, 0, 0, 0)), "PNG")))
    assert (clear.mode, clear.getpixel((4, 4))) == ("RGB", (255, 255, 255))
    deep = Image.new("I;16", (2, 1))
    deep.putdata([1000, 5000])
    shown = opened(io.BytesIO(as_file(deep, "PNG")))
    assert [shown.getpixel((x, 0)) for x in (0, 1)] == [(0, 0, 0), (255, 255, 255)]
    for mode in ("1", "L", "P", "RGBA", "I;16"):
        assert opened(io.BytesIO(as_file(Image.new(mode, (9_000, 90)), "PNG"))).size == (2_500, 25)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (as_file(Image.new("1", (13_000, 13_000)), "PNG"), "13,000 × 13,000 pixels, more than"),
        (as_file(RED, "PNG")[:60], "damaged"),
        (as_file(RED, "TIFF")[:30], "damaged"),
        (as_file(RED, "GIF"), "no PNG, JPEG, TIFF or WebP"),
        (b"", "no PNG, JPEG, TIFF or WebP"),
    ],
)
def test_a_picture_that_would_do_harm_is_refused_in_words(data, words):
    with pytest.raises(DocumentError, match=words):
        opened(io.BytesIO(data))


def png():
    return io.BytesIO(as_file(RED, "PNG"))


def word():
    document = docx.Document()
    document.add_heading("Before", 1)
    document.add_picture(png())
    document.add_paragraph("Between.")
    cell = document.add_table(rows=1, cols=2).cell(0, 0)
    cell.text = "Cell"
    cell.add_paragraph().add_run().add_picture(png())
    document.add_paragraph("After.")
    data = io.BytesIO()
    document.save(data)
    return data.getvalue()


def slides():
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[5])
    slide.shapes.title.text = "Title"
    linked = slide.shapes.add_picture(png(), 0, 0)
    slide.shapes.add_picture(png(), 0, 0)
    blip = next(linked.element.iter(qn("a:blip")))  # this one is outside of the file
    blip.set(qn("r:link"), blip.attrib.pop(qn("r:embed")))
    data = io.BytesIO()
    show.save(data)
    return data.getvalue()


def test_pictures_of_office_files_are_read_at_their_place(tmp_path):
    known = Pictures({"word/media/image1.png": text("IN THE PICTURE", SENTENCE)})
    found, warnings = blocks(tmp_path, word(), "a.docx", known)
    words = ["IN THE PICTURE", SENTENCE]
    assert found == [["Before", *words, "Between.", "Cell", *words, "After."]]
    assert warnings == ()
    page = read(tmp_path / "a.docx", LoadOptions(pictures=known))[1].pages[0]
    assert Block("IN THE PICTURE") in page.blocks, "no heading, and no place on a page"
    assert picture(tmp_path / "a.docx", "word/media/image1.png", LoadOptions()).size == (30, 30)


def test_pictures_of_office_files_that_are_not_read_are_counted(tmp_path):
    assert blocks(tmp_path, word(), "a.docx")[1] == (f"2 pictures were not read; {NEEDS_OCR}",)
    found, warnings = blocks(tmp_path, slides(), "a.pptx")
    assert found == [["Title"]]
    assert warnings == (
        f"1 picture was not read; {NEEDS_OCR}",
        "1 picture was not read; they are not in the file",
    )
    known = Pictures({"ppt/media/image1.png": text(SENTENCE)})
    assert blocks(tmp_path, slides(), "a.pptx", known)[0] == [["Title", SENTENCE]]


def test_what_is_known_travels_to_the_parsing_process_and_back():
    known = text("Größe", "Mars | 2")
    again = Pictures.from_json(packed({"1": known.to_json()}, {"2": "why"}, "else", asking=True))
    assert again == Pictures({"1": known}, {"2": "why"}, "else", asking=True)
    assert again.confidence == pytest.approx(0.9)
    assert Pictures().confidence is None


@pytest.mark.parametrize(("letters", "confidence"), [("a", 0.99), ("a" * 40, 0.8)])
def test_text_that_is_probably_wrong_is_named(letters, confidence):
    wide = PictureLine(letters, confidence, (), (0, 0, 300, 0, 300, 20, 0, 20))
    known = Pictures({"3": PictureText((wide,)), "4": text(SENTENCE)})
    assert known.doubts() == (f"the text of page 3 is doubtful; {SCRIPTS}",)
