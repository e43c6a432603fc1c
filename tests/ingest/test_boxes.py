"""Where words stand: kept small, and looked up by their place in the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.boxes import marks, pack, unpack
from ingest.loaders import load
from ingest.loaders.boxed_text import BoxedText, joined
from ingest.parsed import assemble
from tests.ingest.build import SENTENCE, pdf, turned

EDGE = st.integers(0, 10_000)
WORD = st.tuples(st.integers(1, 12), st.integers(1, 3), EDGE, EDGE, EDGE, EDGE)
TEXT = "ab cd ef"
LINES = [
    (0, 2, 1, (1000, 1000, 1400, 1200)),
    (3, 5, 1, (1500, 1000, 1900, 1200)),
    (6, 8, 1, (1000, 3000, 1400, 3200)),
]


@given(st.lists(WORD, max_size=40))
def test_words_come_back_as_they_were(words):
    start, rows = 0, []
    for length, page, *box in words:
        rows.append((start, start + length, page, tuple(box)))
        start += length + 1
    data = pack(rows)
    assert bool(data) == bool(rows)
    if rows:
        assert [tuple(row) for row in unpack(data)] == [(a, b, p, *box) for a, b, p, box in rows]


def test_marks_are_one_rectangle_a_line():
    first, second = marks(pack(LINES), TEXT, 1, 0, len(TEXT))
    assert (first.text, second.text) == ("ab cd", "ef")
    assert (first.left, first.top, first.right, first.bottom) == (0.1, 0.1, 0.19, 0.12)
    assert (second.top, second.bottom) == (0.3, 0.32)


def test_a_quote_is_the_words_at_its_place_on_its_page():
    data = pack([*LINES, (9, 11, 2, (0, 0, 100, 100))])
    assert [mark.text for mark in marks(data, TEXT + " gh", 1, 3, 11)] == ["cd", "ef"]
    assert [mark.text for mark in marks(data, TEXT + " gh", 2, 3, 11)] == ["gh"]
    assert marks(data, TEXT, 3, 0, 11) == marks(data, TEXT, 1, 2, 3) == []


def test_of_a_word_at_the_edge_only_its_letters_are_marked():
    (mark,) = marks(pack(LINES), TEXT, 1, 1, 4)
    assert mark.text == "b c"
    assert (mark.left, mark.right) == pytest.approx((0.12, 0.17))


def test_words_far_apart_in_a_line_have_marks_of_their_own():
    data = pack([(0, 2, 1, (0, 0, 500, 100)), (3, 5, 1, (4000, 0, 4500, 100))])
    assert [mark.text for mark in marks(data, "ab cd", 1, 0, 5)] == ["ab", "cd"]


def test_without_boxes_nothing_is_marked():
    assert marks(b"", "ab", 1, 0, 2) == []


@given(st.text("ab ", min_size=1), st.integers(0, 9), st.integers(0, 9))
def test_cutting_keeps_words_at_their_letters(text, start, end):
    words, at = [], 0
    for word in text.split():
        at = text.index(word, at)
        words.append((at, at + len(word), (100 * at, 0, 100 * (at + len(word)), 10)))
        at += len(word)
    cut = BoxedText(text, tuple(words)).cut(start, end)
    assert cut.text == text[start:end]
    assert all(cut.text[a:b].strip() for a, b, _ in cut.words)
    assert "".join(cut.text[a:b] for a, b, _ in cut.words) == cut.text.replace(" ", "")
    assert all(box[0] == 100 * (a + start) for a, _, box in cut.words)
    twice = joined((cut, cut), " | ")
    assert [twice.text[a:b] for a, b, _ in twice.words] == [
        cut.text[a:b] for a, b, _ in cut.words
    ] * 2


def parsed(tmp_path, data):
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    return assemble("application/pdf", load(path))


def marked(parsed, quote, page=1):
    start = parsed.text.index(quote)
    return marks(parsed.boxes, parsed.text, page, start, start + len(quote))


def test_every_word_of_a_pdf_has_its_place(tmp_path):
    document = parsed(tmp_path, pdf(pages=2))
    words = [document.text[a:b] for a, b, *_ in unpack(document.boxes)]
    assert " ".join(words) == " ".join(document.text.replace("|", "").split())
    (mark,) = marked(document, SENTENCE)
    assert mark.text == SENTENCE
    assert mark.left == pytest.approx(72 / 595, abs=0.001)
    assert mark.top < 1 - 740 / 842 < mark.bottom


def test_a_word_cut_at_a_line_end_is_marked_on_both_lines(tmp_path):
    def draw(canvas):
        canvas.drawString(72, 700, "The informa-")
        canvas.drawString(72, 687, "tion is here.")

    first, second = marked(parsed(tmp_path, pdf(draw)), "information")
    assert (first.text, second.text) == ("informa", "tion")
    assert first.left > second.left
    assert first.bottom <= second.top + 0.005


def test_a_row_of_a_table_is_marked_cell_by_cell(tmp_path):
    cells = marked(parsed(tmp_path, pdf()), "Mars | 2 | 687")
    assert [mark.text for mark in cells] == ["Mars", "2", "687"]
    assert [mark.left for mark in cells] == pytest.approx(
        [72 / 595, 222 / 595, 372 / 595], abs=0.001
    )


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_places_are_those_of_the_page_as_it_is_shown(tmp_path, degrees):
    """Text that the page's rotation sets upright stands at the same place however it is drawn."""

    def draw(canvas):
        canvas.translate(*{0: (0, 0), 90: (595, 0), 180: (595, 842), 270: (0, 842)}[degrees])
        canvas.rotate(degrees)
        canvas.drawString(100, 200, "Upright words are read.")

    width, height = (595, 842) if degrees % 180 == 0 else (842, 595)
    (mark,) = marked(parsed(tmp_path, turned(pdf(draw), degrees)), "Upright words are read.")
    assert mark.left == pytest.approx(100 / width, abs=0.003)
    assert mark.top < 1 - 200 / height < mark.bottom
    assert mark.bottom - mark.top < 0.03
