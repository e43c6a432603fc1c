"""Reasons are sentences: no class names, no parser's jargon, no paths; and text is text."""

import json
import re
from contextlib import suppress

import pytest

from ingest.loaders import load
from ingest.loaders.base import LONGEST_NAME
from ingest.loaders.decode import decode
from ingest.loaders.faults import damaged
from rag.errors import DocumentError
from tests.ingest.build import MAKERS, archive, epub
from tests.ingest.loaders.test_contract import blocks_of

JARGON = re.compile(r"[A-Z]\w+(Error|Exception|File)\b|StartTag|line \d+, column|at 0x|/tmp/")
TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><<'


def reason(tmp_path, data, name):
    with pytest.raises(DocumentError) as caught:
        blocks_of(tmp_path, data, name)
    assert not JARGON.search(str(caught.value)), caught.value
    assert str(tmp_path) not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("suffix", "member"),
    [
        ("docx", "word/document.xml"),
        ("pptx", "ppt/presentation.xml"),
        ("xlsx", "xl/workbook.xml"),
        ("epub", "META-INF/container.xml"),
    ],
)
def test_broken_markup_is_not_quoted(tmp_path, suffix, member):
    assert "not well-formed XML" in reason(
        tmp_path, archive({member: "<a><<", "[Content_Types].xml": TYPES}), f"a.{suffix}"
    )
    reason(tmp_path, archive({member: "<a/>"}), f"b.{suffix}")


FAULTS = (AssertionError(), RecursionError("maximum"), KeyError("rId7"),
          FileNotFoundError(2, "no", "/srv/library/files/ab"))  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("suffix", sorted({".docx", ".pptx", ".xlsx", ".epub", ".html", ".eml"}))
def test_whatever_a_reader_raises_is_a_sentence(tmp_path, monkeypatch, suffix, fault):
    module = suffix.lstrip(".")

    def fails(*_):
        raise fault

    monkeypatch.setattr(f"ingest.loaders.{module}.load", fails)
    said = reason(tmp_path, MAKERS[suffix](), f"a{suffix}")
    assert "save it again in its program" in said or "nested too deeply" in said
    assert not re.search(r"maximum|rId7|srv", said)


def test_memory_is_no_damage(tmp_path, monkeypatch):
    def fails(*_):
        raise MemoryError

    monkeypatch.setattr("ingest.loaders.text.load", fails)
    path = tmp_path / "a.txt"
    path.write_text("x")
    with pytest.raises(MemoryError):
        load(path)


@pytest.mark.parametrize("depth", [400, 600, 990, 5_000])
@pytest.mark.parametrize("ends", ["[]", "{}"])
def test_values_nested_deeply_are_read_or_refused_in_words(tmp_path, depth, ends):
    opening = ends[0] if ends == "[]" else '{"a": '
    data = (opening * depth + '"core"' + ends[1] * depth).encode()
    if depth > 900:
        assert reason(tmp_path, data, "a.json") == "its parts are nested too deeply to read"
    with suppress(DocumentError):
        assert "core" in blocks_of(tmp_path, data, "a.json")[-1].text


def test_a_number_of_many_digits_is_read_as_it_is_written(tmp_path):
    digits = "7" * 5_000
    assert blocks_of(tmp_path, f'{{"a": {digits}}}'.encode(), "a.json")[-1].text == digits


def test_words_for_faults():
    assert str(damaged("the DOCX", EOFError())) == (
        "the DOCX is damaged or incomplete (it ends too early); save it again in its program"
    )
    assert "(" not in str(damaged("the DOCX", TypeError("x")))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-32", "cp1252"])
def test_text_with_many_control_characters_is_refused(tmp_path, encoding):
    text = "plain words, and then: " * 3_000 + "ab\x01\x02\x03" * 60_000
    with pytest.raises(DocumentError, match="not text"):
        decode(text.encode(encoding))
    assert decode(("plain words \x01 " + "a" * 99).encode(encoding)).startswith("plain words")


def test_the_few_control_characters_of_text_are_left_out(tmp_path):
    (block,) = blocks_of(tmp_path, b"a \x01bell\x07 rings, \x1b[31mred", "a.txt")
    assert block.text == "a bell rings, [31mred"
    assert blocks_of(tmp_path, json.dumps({"a": "x\u0002y\u0000z"}).encode(), "a.json")[0].text == (
        "a: xyz"
    )


def test_a_chapter_that_is_listed_often_is_read_once(tmp_path):
    chapters = {"one.xhtml": "<p>The only chapter.</p>"}
    book = epub(chapters)
    assert len(blocks_of(tmp_path, book, "a.epub")) == 1
    items = '<manifest><item id="a" href="one.xhtml"/></manifest>'
    spine = '<itemref idref="a"/>' * 1_000
    often = archive(
        {
            "META-INF/container.xml": '<container><rootfile full-path="b.opf"/></container>',
            "b.opf": f"<package>{items}<spine>{spine}</spine></package>",
            **chapters,
        }
    )
    assert len(blocks_of(tmp_path, often, "b.epub")) == 1


@pytest.mark.parametrize("suffix", ["csv", "html"])
def test_a_long_text_names_no_column(tmp_path, suffix):
    """Else a row of names would stand in every row: a small file would become a large one."""
    long = "n" * (LONGEST_NAME + 1)
    rows = [[long, "b"], ["one", "two"], ["three", "four"]]
    if suffix == "csv":
        data = "\n".join(",".join(row) for row in rows)
    else:
        cells = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows)
        data = "<table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>"
    texts = [b.text for b in blocks_of(tmp_path, data.encode(), f"a.{suffix}")]
    assert texts == [f"{long}; b", "one; two", "three; four"]
