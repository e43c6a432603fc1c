"""A scan from its file to a marked citation, with the real models."""

import io

import pytest
from PIL import Image

from ranklens import viewing
from tests.ingest.build import HEADING, SENTENCE, pdf
from tests.ingest.scans import as_file, drawn, scanned, scanned_pdf

QUESTION = "How many moons has Mars?"


@pytest.fixture(scope="module")
def page():
    """A heading, a sentence and a table on the upper part of a page, as a scanner gives them."""
    return scanned(drawn(pdf()).crop((0, 0, 1190, 600)))


@pytest.mark.parametrize(("name", "kind"), [("scan.pdf", ""), ("photo.webp", "WEBP")])
def test_a_scan_is_found_and_its_citation_marks_the_ink(library, page, tmp_path, name, kind):
    path = tmp_path / name
    path.write_bytes(as_file(page, kind) if kind else scanned_pdf(page))
    (outcome,) = library.add(path)
    assert (outcome.status, outcome.warnings) == ("added", ())
    (document,) = library.documents()
    assert document.ocr.startswith("1 page read by OCR, confidence 9")
    trace = library.ask(QUESTION)
    assert "2" in trace.answer.text
    cited = [citation.chunk_id for citation in trace.answer.citations]
    chunk = next(hit.chunk for hit in trace.evidence if hit.chunk.id in cited)
    source = viewing.source_of(library, chunk)
    assert source.is_drawn
    image = viewing.page_image(library, name, 1)
    shown = Image.open(io.BytesIO(image.webp)).convert("L")
    for words in (SENTENCE, HEADING):
        start = source.parsed.text.index(words)
        (mark,) = source.marks(1, start, start + len(words))
        assert mark.text == words
        box = (mark.left * image.width, mark.top * image.height,
               mark.right * image.width, mark.bottom * image.height)  # fmt: skip
        left, top, right, bottom = _ink(shown.crop(tuple(map(int, box))))
        assert right - left > 0.9 * (box[2] - box[0])
        assert bottom - top > 0.4 * (box[3] - box[1])


def _ink(picture):
    """The box around what is dark."""
    return picture.point(lambda value: 255 * (value < 128)).getbbox()
