"""The viewer's HTML: text, tables and pages with their marks."""

import html as entities
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.loaders.base import Block, Page
from ingest.page import PageImage
from ingest.parsed import assemble
from ranklens.viewing import SourceDocument
from tests.ui.fakes import HOSTILE, FakeDocument
from ui.shared import source, source_text
from ui.shared.source_table import cells
from ui.shared.source_text import Marking

TAG = re.compile(r"<[^>]*>")
ALLOWED = {"p", "pre", "span", "mark", "div", "table", "thead", "tbody", "tr", "th", "td", "img"}
ROWS = ["Planet: Mars; Moons: 2", "Planet: Saturn; Moons: 146; Note: rings: many; wide", "Moons: 0"]


def visible(markup):
    return entities.unescape(TAG.sub("", markup))


def tags(markup):
    return set(re.findall(r"<\s*/?\s*([a-zA-Z!?]+)", markup))


def placed(rows):
    text = "\n".join(rows)
    starts = [sum(len(row) + 1 for row in rows[:i]) for i in range(len(rows))]
    return text, [(start, start + len(row)) for start, row in zip(starts, rows, strict=True)]


def test_rows_become_a_table_with_its_columns_again():
    text, places = placed(ROWS)
    made = [[(c.name, text[c.start : c.end]) for c in row] for row in cells(text, places)]
    assert made == [
        [("Planet", "Mars"), ("Moons", "2")],
        [("Planet", "Saturn"), ("Moons", "146; Note: rings: many; wide")],
        [("Moons", "0")],
    ]
    parsed = assemble("x", [Page(1, tuple(Block(row, "row") for row in ROWS))])
    marked = (parsed.spans[1].start, parsed.spans[1].end)
    out = source_text.page(parsed, 1, Marking(marked, (marked,)))
    assert re.findall(r"<th [^>]*>(.*?)</th>", out) == ["Planet", "Moons"]
    assert out.count('<tr class="in">') == 1
    assert "".join(re.findall("<mark>(.*?)</mark>", out)).startswith("Saturn146")


def test_tables_that_stand_apart_are_two_tables():
    rows = [
        Block("Mars | 2", "row"),
        Block("Moon | 1", "row"),
        Block("Vasa | 9", "row", begins=True),
    ]
    out = source_text.page(assemble("x", [Page(1, tuple(rows))]), 1, Marking((0, 4), ()))
    assert [part.count("<tr") for part in out.split("<table")[1:]] == [2, 1]


def test_a_table_without_names_has_cells_all_the_same():
    text, places = placed(["Mars | 2", "Saturn | 146 | x"])
    made = [[text[c.start : c.end] for c in row] for row in cells(text, places)]
    assert made == [["Mars", "2"], ["Saturn", "146", "x"]]


def test_text_around_is_cut_between_words_and_marked():
    far = "word " * 2000
    parsed = assemble("text/plain", [Page(None, (
        Block("Head", "heading", 1), Block(far.strip()), Block("The passage. It says so."),
        Block("x = 1", "code"), Block(far.strip()),
    ))])  # fmt: skip
    start = parsed.text.index("The passage")
    marking = Marking((start, start + 24), ((start + 13, start + 24),))
    out = source_text.around(parsed, marking)
    assert re.findall("<mark>(.*?)</mark>", out) == ["It says so."]
    assert '<span class="passage">The passage. </span>' in out
    assert "<pre>" in out
    assert "Head" not in out
    shown = visible(out)
    assert shown.startswith("…word")
    assert shown.endswith("word…")
    assert len(shown) < 3000


def test_a_slide_is_its_own_blocks_and_a_long_sheet_the_rows_near():
    rows = tuple(Block(f"n: {i}; v: {i * i}", "row") for i in range(300))
    parsed = assemble("x", [Page(1, (Block("One", "heading", 1),)), Page(2, rows)])
    assert visible(source_text.page(parsed, 1, Marking((0, 3)))) == "One"
    at = parsed.text.index("n: 200;")
    out = source_text.page(parsed, 2, Marking((at, at + 12)))
    assert out.count("<tr class=") == 1 + 2 * source_text.ROWS_AROUND
    assert source_text.page(parsed, 2, Marking((0, 3))).count("<tr class=") < 60
    assert "no text" in source_text.page(parsed, 9, Marking((0, 3)))


IMAGE = PageImage(b"image", 600, 800)


def boxed(text):
    """A block whose words stand in a line, one letter a hundredth of the page wide."""
    words = [
        (m.start(), m.end(), (100 * m.start(), 1000, 100 * m.end(), 1200))
        for m in re.finditer(r"\S+", text)
    ]
    return Block(text, words=words)


def held(parsed, name="t"):
    return SourceDocument(FakeDocument(name), parsed)


def test_a_page_has_the_passage_and_the_quote_marked_on_it():
    parsed = assemble("x", [Page(1, (boxed("before The quick brown fox. It jumped over."),))])
    out = source.marked(IMAGE, held(parsed), 1, Marking((7, 43), ((28, 43),)))
    words = dict(re.findall(r'<mark class="(\w+)"[^>]*><span>(.*?)</span>', out))
    assert words == {"passage": "The quick brown fox.", "quote": "It jumped over."}
    assert "left:7.000%" in out


def test_only_what_stands_on_the_page_is_marked():
    parsed = assemble("x", [Page(1, (boxed("One."),)), Page(2, (boxed("Two."), Block("Three.")))])
    marking = Marking((0, len(parsed.text)))
    pages = [source.marked(IMAGE, held(parsed), number, marking) for number in (1, 2, 3)]
    assert [re.findall("<span>(.*?)</span>", page) for page in pages] == [["One."], ["Two."], []]


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=60).filter(str.strip))
def test_no_text_can_become_markup(text):
    parsed = assemble("x", [Page(1, (boxed(text), Block(text, "row"), Block(text, "heading", 2)))])
    marking = Marking((0, len(text)), ((1, 3),))
    out = source_text.around(parsed, marking) + source_text.page(parsed, 1, marking)
    out += source.marked(IMAGE, held(parsed, text), 1, marking)
    assert tags(out) <= ALLOWED


def test_hostile_text_is_shown_as_it_is():
    parsed = assemble("x", [Page(None, (Block(HOSTILE),))])
    out = source_text.around(parsed, Marking((0, 10)))
    assert visible(out) == HOSTILE


@pytest.mark.parametrize(
    ("kind", "unit"), [("application/pdf", "page"), ("x.presentationml.presentation", "slide")]
)
def test_units(kind, unit):
    assert held(assemble(kind, [])).unit == unit
