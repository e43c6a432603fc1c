"""Pages of PDFs as images, and documents that would rather not."""

import io
import sys
import time

import pytest
from PIL import Image

import ingest.page
from ingest.boxes import marks
from ingest.page import PasswordNeeded, draw
from rag.errors import DocumentError
from rag.settings import Settings
from tests.ingest.build import parse, pdf, turned

SETTINGS = Settings()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "digest"
    path.write_bytes(pdf())
    return path


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_page_has_ink_where_its_words_stand(tmp_path, rotation):
    path = tmp_path / "a.pdf"
    path.write_bytes(turned(pdf(), rotation, crop=(50, 80, 500, 800)))
    page = draw(path, 1, SETTINGS)
    picture = Image.open(io.BytesIO(page.webp))
    assert picture.size == (page.width, page.height)
    parsed = parse(path, SETTINGS)
    start = parsed.text.index("moons.")
    (mark,) = marks(parsed.boxes, parsed.text, 1, start, start + 6)
    box = (mark.left * page.width, mark.top * page.height, mark.right * page.width,
           mark.bottom * page.height)  # fmt: skip
    dark = picture.convert("L").crop(tuple(map(int, box))).point(lambda v: 255 * (v < 128))
    left, top, right, bottom = dark.getbbox()  # the ink under the mark, nearly as large as it
    assert right - left > 0.85 * dark.width or bottom - top > 0.85 * dark.height


def test_the_scale_is_bounded(file):
    small, huge = draw(file, 1, SETTINGS, 0.5), draw(file, 1, SETTINGS, 1000.0)
    assert small.width < huge.width
    assert huge.width * huge.height < 6_100_000


@pytest.mark.parametrize("number", [0, -1, 99])
def test_a_page_that_is_not_there(file, number):
    with pytest.raises(DocumentError, match="cannot be drawn"):
        draw(file, number, SETTINGS)


def test_an_encrypted_file_is_drawn_with_its_password_only(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(pdf(password="secret"))
    with pytest.raises(PasswordNeeded, match="a password is needed"):
        draw(path, 1, SETTINGS)
    with pytest.raises(PasswordNeeded, match="does not open it"):
        draw(path, 1, SETTINGS, password="Secret")
    assert draw(path, 1, SETTINGS, password="secret").webp


def test_a_damaged_file_says_so(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 40)
    with pytest.raises(DocumentError, match="cannot be drawn"):
        draw(path, 1, SETTINGS)
    with pytest.raises(DocumentError, match="cannot be drawn"):
        draw(tmp_path / "none", 1, SETTINGS)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import time; time.sleep(60)", "longer than 1 second "),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", r"crashed \(SIGSEGV\)"),
        ("print('no answer')", "cannot be read"),
    ],
)
def test_a_page_that_hangs_or_crashes_costs_only_its_picture(file, monkeypatch, code, words):
    monkeypatch.setattr(ingest.page, "COMMAND", (sys.executable, "-c", code))
    monkeypatch.setattr(ingest.page, "SECONDS", 1)
    start = time.monotonic()
    with pytest.raises(DocumentError, match=words):
        draw(file, 1, SETTINGS)
    assert time.monotonic() - start < 15
