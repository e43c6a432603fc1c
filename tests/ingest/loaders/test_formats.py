"""What is particular to one format."""

import io
import json

import docx
import openpyxl
import pytest
from docx.oxml import OxmlElement

from ingest.loaders import LoadOptions, load, read
from ingest.loaders.base import Block, grid, row, table
from ingest.loaders.decode import decode
from ingest.loaders.delimited import delimiter
from ingest.loaders.html import html_blocks
from ingest.loaders.markdown import DEEPEST, _pieces, markdown_blocks
from ingest.loaders.text import text_blocks
from ingest.parsed import assemble
from rag.errors import DocumentError
from tests.ingest.build import HEADING, MAKERS, MARS, archive, epub, mail
from tests.ingest.loaders.test_contract import blocks_of


def test_row_leaves_empty_cells_out():
    assert row(["a", "b", ""], ["1", " ", "3"]) == [Block("a: 1; 3", "row")]
    assert row([], ["", " "]) == []


def test_grid_titles_and_numbers():
    assert grid([["Title", ""], ["a", "b"], ["1", "2"]]) == [
        Block("Title"),
        Block("a: 1; b: 2", "row", begins=True),
    ]
    assert [b.text for b in grid([["1", "2"], ["3", "4"]])] == ["1; 2", "3; 4"]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Größe und Maß, überall schön", "utf-8-sig"),
        ("Größe und Maß, überall schön", "utf-16"),
        ("Größe and more", "utf-16-le"),
        ("Größe and more", "utf-16-be"),
        ("Größe and more", "utf-32"),
        ("Café déjà vu, naïve façade. Größe überall.", "latin-1"),
        ("Привет мир, как дела сегодня вечером", "cp1251"),
        ("これは日本語の文章です。東京は日本の首都です。", "shift_jis"),
    ],
)
def test_encodings(text, encoding):
    assert decode(text.encode(encoding)) == text


def test_mixed_encodings():
    assert decode("ünï\nmore ü\n".encode() + "café".encode("latin-1")) == "ünï\nmore ü\ncafé"


def test_text_headings_and_paragraphs():
    blocks = text_blocks("Title\n=====\nwords\n\nPart\n----\n\nwrapped\nlines\r\n\r\n\r\nend\n---")
    assert blocks == [
        Block("Title", "heading", 1), Block("words"), Block("Part", "heading", 2),
        Block("wrapped\nlines"), Block("end", "heading", 2),
    ]  # fmt: skip


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_delimiters(mark):
    assert delimiter(f"a{mark}b{mark}c\n1,5{mark}2{mark}3\n4{mark}5{mark}6") == mark


def test_csv_quotes_and_ragged_rows(tmp_path):
    data = b'name,note\n"Smith, J.","says ""hi""\nto all"\nshort\nlong,b,c\n'
    assert [b.text for b in blocks_of(tmp_path, data, "a.csv")] == [
        'name: Smith, J.; note: says "hi" to all', "name: short", "name: long; note: b; c",
    ]  # fmt: skip


def test_names_of_columns_without_values_are_kept():
    rows = [["Planet", "Rings", "Moons", ""], ["Mars", "", "2", ""], ["Venus", " ", "0"]]
    assert [b.text for b in table(rows)] == [
        "Rings", "Planet: Mars; Moons: 2", "Planet: Venus; Moons: 0",
    ]  # fmt: skip


def test_html_parts():
    blocks = html_blocks(MAKERS[".html"]().decode())
    text = "\n".join(b.text for b in blocks)
    assert [b.text for b in blocks if b.kind == "heading"] == ["Astronomy", HEADING]
    assert "- one\n  - inner\n- two" in text
    assert Block("a = 1\n  b = 2", "code") in blocks
    assert not any(word in text for word in ("Shop", "secret", "alert"))


def test_html_tables_with_spans_and_side_headers():
    spans = (
        "<table><tr><th>City</th><th>Pop</th></tr>"
        "<tr><td rowspan=2>Rome</td><td>3</td></tr><tr><td>4</td></tr></table>"
    )
    assert [b.text for b in html_blocks(spans)] == ["City: Rome; Pop: 3", "City: Rome; Pop: 4"]
    sides = "<table><tr><th>Capital</th><td>Rome</td></tr><tr><th>Area</th><td>9</td></tr></table>"
    assert [b.text for b in html_blocks(sides)] == ["Capital: Rome", "Area: 9"]
    layout = "<table><tr><td><h2>Head</h2><p>Body</p></td></tr></table>"
    assert html_blocks(layout) == [Block("Head", "heading", 2), Block("Body")]


def test_html_nested_far_too_deep():
    with pytest.raises(DocumentError, match="nested too deeply"):
        html_blocks("<div>" * 20_000 + "words" + "</div>" * 20_000)


def test_markdown():
    blocks = markdown_blocks(MAKERS[".md"]().decode())
    assert blocks[0] == Block(HEADING, "heading", 1)
    assert Block("Mars has two moons.") in blocks
    assert Block("- one\n  - inner\n- two") in blocks
    assert Block("a = 1", "code") in blocks
    assert markdown_blocks("1. a\n2. b")[0].text == "1. a\n2. b"


LONG = """# Title

A *paragraph*
over lines.

- item
- item

  of a list

```
# no heading

code
```

| a | b |
|---|---|
| 1 | 2 |

## End
"""


def test_long_markdown_reads_the_same_in_pieces(tmp_path, monkeypatch):
    path = tmp_path / "a.md"
    path.write_text(LONG * 3)
    (whole,) = load(path)
    monkeypatch.setattr("ingest.loaders.markdown.PIECE", 8)
    assert len(list(_pieces(LONG * 3))) > 12
    assert load(path) == [whole]


def test_markdown_that_takes_too_long_ends_as_plain_text(tmp_path, monkeypatch):
    path = tmp_path / "a.md"
    path.write_text("# Title\n\nA *word*.\n\n" + "*" * 90 + "\n\n# End")
    monkeypatch.setattr("ingest.loaders.markdown.PIECE", 8)
    monkeypatch.setattr("ingest.loaders.markdown.LONGEST", 40)
    loaded = read(path)[1]
    texts = [b.text for b in loaded.pages[0].blocks]
    assert texts == ["Title", "A word.", "*" * 90, "# End"]
    assert len(loaded.warnings) == 1
    assert loaded.warnings[0].startswith("from line 5 on it was read as plain text, marks included")
    late = read(path, LoadOptions(seconds=0))[1]
    assert late.pages[0].blocks[1].text == "A *word*."
    assert late.warnings[0].startswith("from line 1 on")


def test_json_shapes(tmp_path):
    data = {"name": "x", "tags": ["a", "b"], "items": [{"id": 1, "at": {"x": 2}}], "none": None}
    assert blocks_of(tmp_path, json.dumps(data).encode(), "a.json") == [
        Block("name: x; tags: a, b", "row"), Block("items", "heading", 1),
        Block("id: 1; at: x 2", "row"),
    ]  # fmt: skip


@pytest.mark.parametrize("data", [b'{"a": 1', b"[1, 2,", b"nonsense"])
def test_json_cut_short(tmp_path, data):
    with pytest.raises(DocumentError, match="not valid JSON"):
        blocks_of(tmp_path, data, "a.json")


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_json_nested_far_too_deep(tmp_path, name):
    with pytest.raises(DocumentError, match="nested too deep"):
        blocks_of(tmp_path, b"[" * 200_000 + b"]" * 200_000, name)


def test_json_lines_name_the_bad_line(tmp_path):
    with pytest.raises(DocumentError, match="line 2 is not valid JSON"):
        blocks_of(tmp_path, b'{"a": 1}\n{"a": \n', "a.jsonl")
    assert len(blocks_of(tmp_path, MAKERS[".jsonl"](), "a.json")) == 2


def test_docx_keeps_order_and_revisions(tmp_path):
    blocks = blocks_of(tmp_path, MAKERS[".docx"](), "a.docx")
    assert [b.kind for b in blocks] == ["heading", "paragraph", "row", "row", "heading"]
    document = docx.Document()
    paragraph = document.add_paragraph("kept ")
    for tag, text in (("w:ins", "inserted"), ("w:del", "deleted")):
        change = OxmlElement(tag)
        change.append(paragraph.add_run(text)._r)
        if tag == "w:del":
            for node in list(change.iter()):
                if node.tag.endswith("}t"):
                    node.tag = node.tag.replace("}t", "}delText")
        paragraph._p.append(change)
    buffer = io.BytesIO()
    document.save(buffer)
    assert blocks_of(tmp_path, buffer.getvalue(), "b.docx")[0].text == "kept inserted"


def test_adjacent_tables_of_a_document_stay_apart(tmp_path):
    document = docx.Document()
    for names, values in ((["City", "Pop"], ["Rome", "3"]), (["Ship", "Year"], ["Vasa", "1628"])):
        added = document.add_table(rows=0, cols=2)
        for texts in (names, values, [f"{value}b" for value in values]):
            for cell, text in zip(added.add_row().cells, texts, strict=True):
                cell.text = text
    path = tmp_path / "a.docx"
    document.save(path)
    assert assemble("x", read(path)[1].pages).text == (
        "City: Rome; Pop: 3\nCity: Romeb; Pop: 3b\n\n"
        "Ship: Vasa; Year: 1628\nShip: Vasab; Year: 1628b"
    )


def test_pptx_slides_tables_notes(tmp_path):
    path = tmp_path / "a.pptx"
    path.write_bytes(MAKERS[".pptx"]())
    first, second = load(path)
    assert (first.number, second.number) == (1, 2)
    assert first.blocks[-1] == Block("Notes: Say it slowly.")
    assert second.blocks == (Block("The end", "heading", 1),)


def test_xlsx_values(tmp_path):
    import datetime as dt

    book = openpyxl.Workbook()
    book.active.append(["day", "share", "count", "ok"])
    book.active.append([dt.datetime(2026, 1, 2), 0.25, 3.0, True])
    book.create_sheet("empty")
    buffer = io.BytesIO()
    book.save(buffer)
    assert blocks_of(tmp_path, buffer.getvalue(), "a.xlsx")[1].text == (
        "day: 2026-01-02; share: 0.25; count: 3; ok: True"
    )


def test_epub_follows_the_spine(tmp_path):
    blocks = blocks_of(tmp_path, MAKERS[".epub"](), "a.epub")
    headings = [b.text for b in blocks if b.kind == "heading"]
    assert headings == ["Astronomy", HEADING, "Second"]


def test_epub_without_chapters_or_protected(tmp_path):
    broken = archive({"META-INF/container.xml": "<container/>"})
    with pytest.raises(DocumentError, match="EPUB is damaged"):
        blocks_of(tmp_path, broken, "a.epub")
    with pytest.raises(DocumentError, match="nothing to read"):
        blocks_of(tmp_path, epub({"one.xhtml": "<html></html>"}), "b.epub")


def test_mail_parts(tmp_path):
    texts = [b.text for b in blocks_of(tmp_path, mail("<p>Hello <b>you</b></p>", "html"), "a.eml")]
    assert texts[0] == HEADING
    assert texts[1].startswith("From: a@example.org\nTo: b@example.org\nDate: Mon, 02 Nov 2026")
    assert texts[2:] == ["Hello you", "Attachments: mars.png"]
    with pytest.raises(DocumentError, match="no e-mail"):
        blocks_of(tmp_path, b"just some words", "b.eml")


def test_zip_bomb_and_entities(tmp_path):
    bomb = archive({"word/document.xml": b"0" * 40_000_000})
    with pytest.raises(DocumentError, match="zip bombs"):
        blocks_of(tmp_path, bomb, "a.docx")
    entity = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    members = {"docx": "word/document.xml", "pptx": "ppt/presentation.xml",
               "xlsx": "xl/workbook.xml", "epub": "META-INF/container.xml"}  # fmt: skip
    for suffix, member in members.items():
        with pytest.raises(DocumentError, match="declares XML entities"):
            blocks_of(tmp_path, archive({member: entity}), f"a.{suffix}")


def test_zip_of_another_kind(tmp_path):
    with pytest.raises(DocumentError, match="a zip archive"):
        blocks_of(tmp_path, archive({"a.txt": "x"}), "a.pdf")
    assert MARS in [b.text for b in blocks_of(tmp_path, MAKERS[".docx"](), "b.pdf")]


def test_markdown_that_is_nested_deep_loses_no_text():
    lists = "".join(f"{'  ' * depth}- point {depth}\n" for depth in range(DEEPEST // 2 - 1))
    (points,) = markdown_blocks(lists)
    assert points.text.count("point") == DEEPEST // 2 - 1
    assert markdown_blocks("> " * (DEEPEST - 1) + "x") == [Block("x")]


@pytest.mark.parametrize("mark", ["> ", "- ", "1. "])
@pytest.mark.parametrize("depth", [DEEPEST - 1, DEEPEST, DEEPEST + 1, 5_000])
def test_markdown_that_is_nested_deeper_is_plain_text(mark, depth):
    blocks = markdown_blocks(mark * depth + "x")
    assert blocks[-1].text.endswith("x")
