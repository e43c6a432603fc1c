"""Text recognition with the real models, on small pictures."""

import socket

import pytest
from PIL import Image, ImageDraw, ImageFont

from ingest import recognise as module
from ingest.loaders.picture_lines import picture_blocks
from ingest.loaders.pictures import SCRIPTS, Pictures
from ingest.recognise import recognise
from tests.ingest.build import HEADING, SENTENCE, pdf
from tests.ingest.scans import drawn, scanned

SIZE = (430, 170)  # points around what `pdf` draws


@pytest.fixture(scope="module")
def page():
    """A heading, a sentence and a table of three columns, as a scanner gives them."""
    left, top = 60, 842 - 790
    box = (2 * left, 2 * top, 2 * (left + SIZE[0]), 2 * (top + SIZE[1]))
    return scanned(drawn(pdf()).crop(box)).convert("RGB")


def test_a_scan_is_read_offline_with_its_structure(page, monkeypatch):
    def refused(*_args, **_options):
        raise AssertionError("it opens a connection")

    monkeypatch.setattr(socket, "socket", refused)
    module._engine.cache_clear()
    text = recognise(page)
    assert text.certainty > 0.9 * text.letters > 0
    assert not text.is_doubtful
    blocks = [(block.kind, block.text) for block in picture_blocks(text)]
    assert blocks == [
        ("heading", HEADING),
        ("paragraph", SENTENCE),
        ("row", "Planet | Moons | Year length (days)"),
        ("row", "Mars | 2 | 687"),
        ("row", "Venus | 0 | 225"),
    ]


@pytest.mark.parametrize("turn", [90, 180])
def test_words_have_boxes_around_their_ink_however_the_picture_stands(page, turn):
    """The box of a word, cut out and turned upright, reads as that word."""
    shown = page.rotate(turn, expand=True)
    text = recognise(shown)
    line = next(line for line in text.lines if line.text == SENTENCE)
    start, end, box = line.words[0]
    assert line.text[start:end] == "Mars"
    sides = (shown.width, shown.height, shown.width, shown.height)
    word = shown.crop([edge * side / 10_000 for edge, side in zip(box, sides, strict=True)])
    upright = word.rotate(-turn, expand=True).convert("L")
    paper = Image.new("L", (upright.width + 60, upright.height + 40), 255)
    paper.paste(upright, (30, 20))
    assert [line.text for line in recognise(paper.convert("RGB")).lines] == ["Mars"]


@pytest.mark.parametrize("size", [(2500, 12), (12, 2500), (1, 1)])
def test_a_picture_without_text_is_empty_however_narrow(size):
    assert recognise(Image.new("RGB", size, "white")).lines == ()


def test_a_script_that_the_models_do_not_know_is_doubtful():
    font = ImageFont.load_default(28)
    russian = Image.new("RGB", (900, 160), "white")
    for line, words in enumerate(
        ("Вечером Анна читала книгу о звёздах", "и планетах вокруг Солнца.")
    ):
        ImageDraw.Draw(russian).text((30, 30 + 50 * line), words, "black", font)
    assert Pictures({"2": recognise(russian)}).doubts() == (
        f"the text of page 2 is doubtful; {SCRIPTS}",
    )


def test_want_of_memory_is_named_as_such(monkeypatch):
    class Full(Exception):
        pass

    def full(*_args, **_options):
        raise Full("Status Message: std::bad_alloc")

    monkeypatch.setattr(module, "_engine", lambda: full)
    with pytest.raises(MemoryError):
        recognise(Image.new("RGB", (40, 40)))
