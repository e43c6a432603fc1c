"""Twice the file takes about twice the time, whatever is in it."""

from contextlib import suppress

import pytest

from ingest.loaders import html, load
from ingest.loaders.base import grid
from ingest.loaders.boxed_text import BoxedText
from ingest.loaders.decode import decode
from ingest.loaders.delimited import delimiter
from ingest.loaders.markdown import _pieces, markdown_blocks
from ingest.loaders.pdf_blocks import Style, page_blocks
from ingest.loaders.pdf_lines import page_lines
from ingest.loaders.pdf_text import TextRun
from ingest.loaders.sniff import is_markup, sniff
from ingest.loaders.text import text_blocks
from rag.errors import DocumentError
from tests.linear import grows_linearly, processor_seconds

SIZES = (3_000, 12_000)  # characters
ENOUGH = 0.08  # seconds: anything faster is no hole

REPEATED = {
    "dots": ".", "spaces": " ", "lines": "\n", "spaced lines": " \n", "tabs": "\t",
    "returns": "\r", "form feeds": "\f", "quotes": '"', "quoted": '"a",', "semicolons": ";",
    "brackets": "[", "closing": "]", "links": "[a](", "images": "![", "references": "[a][b]",
    "definitions": "[a]: b\n", "stars": "*", "bold": "*a **", "emphasis": "a* ", "under": "_a __",
    "underscores": "a_ _", "ticks": "`", "code": "`a``", "tildes": "~~a", "fences": "```\n",
    "quotations": "> a\n", "nested quotations": ">", "lists": "- a\n", "nested lists": "- ",
    "numbered": "1. a\n", "hashes": "#", "headings": "# a\n", "underlined": "a\n-\n", "rules": "-",
    "front": "---\n", "bars": "|", "rows": "a|b\n|-|-|\n", "backslashes": "\\", "less": "<",
    "entities": "&#1;", "ampersands": "&", "comments": "<!-- a -->", "open comments": "<!--",
    "tags": "<b>", "elements": "<div>", "paragraphs": "<p>", "items": "<li>a",
    "nested items": "<ul><li>", "ordered": "<ol><li>a<ul>", "tables": "<table><tr><td>",
    "row": "<tr><td>a", "spans": "<td rowspan=100>a", "columns": "<th colspan=100>a",
    "cell headings": "<table><tr><td><h1>a", "attributes": "<a b='c' ", "styles":
    "<p style='display: '>", "pre": "<pre>", "breaks": "<br>", "declared": "<!ENTITY a 'b'>",
    "instructions": "<?", "cdata": "<![CDATA[",
}  # fmt: skip


def quietly(read):
    """A refusal is an answer, too, if it comes soon."""

    def quiet(text):
        with suppress(DocumentError):
            read(text)

    return quiet


READERS = {
    "text": text_blocks,
    "markdown": quietly(markdown_blocks),
    "pieces of markdown": lambda text: list(_pieces(text)),
    "html": quietly(html.html_blocks),
    "html's encoding": lambda text: html.decoded(f"<meta {text}".encode()),
    "sniff": lambda text: is_markup(text.encode()),
    "decode": quietly(lambda text: decode(text.encode())),
    "decode, old": quietly(lambda text: decode(f"{text}é".encode("latin-1"))),
    "delimiter": delimiter,
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_time_grows_with_the_text(read):
    for name, repeated in REPEATED.items():
        once, often = (repeated * (size // len(repeated)) for size in SIZES)
        assert grows_linearly(read, once, often, enough=ENOUGH), name


HEADERS = {
    "recipients": "a@b,", "phrases": "a,", "comments": "(", "closed comments": "(a)",
    "quotes": '"', "angles": "<", "encoded": "=?utf-8?q?a?= ", "parameters": "a=b;",
    "continued": "a*0=b;", "words": "a ",
}  # fmt: skip
PARTS = {
    "parts": "--x\n\na\n",
    "messages": "--x\nContent-Type: message/rfc822\n\n",
    "attached": "--x\nContent-Disposition: attachment; filename=a.txt\n\na\n",
}


@pytest.mark.parametrize("field", ["To", "Subject", "Date", "Content-Type: text/plain; a"])
def test_time_grows_with_the_headers_of_a_message(tmp_path, field):
    def mail(value):
        path = tmp_path / "a.eml"
        path.write_text(f"From: a@b.c\n{field}: {value}\n\nbody")
        return path

    for name, repeated in HEADERS.items():
        once, often = (mail(repeated * (size // len(repeated))).read_bytes() for size in SIZES)
        path = tmp_path / "b.eml"
        read = quietly(lambda data, path=path: (path.write_bytes(data), load(path)))
        assert grows_linearly(read, once, often, enough=ENOUGH), name


@pytest.mark.parametrize("repeated", PARTS.values(), ids=PARTS)
def test_time_grows_with_the_parts_of_a_message(tmp_path, repeated):
    path = tmp_path / "a.eml"
    head = "From: a@b.c\nContent-Type: multipart/mixed; boundary=x\n\n"
    read = quietly(lambda text: (path.write_text(head + text), load(path)))
    once, often = (repeated * (size // len(repeated)) for size in SIZES)
    assert grows_linearly(read, once, often, enough=ENOUGH)


@pytest.mark.parametrize("repeated", ["[", "[1,", '{"a":', '{"a":[', '[{"a":1},', "1", '"\\u'])
def test_time_grows_with_the_values_of_json(tmp_path, repeated):
    path = tmp_path / "a.json"
    read = quietly(lambda text: (path.write_text(text), load(path)))
    closing = {"[": "]", "{": "}"}

    def text(size):
        opened = repeated * (size // len(repeated))
        ends = "".join(closing.get(c, "") for c in reversed(opened)) if size < 1_000 else ""
        return opened + "1" + ends

    assert grows_linearly(read, *map(text, SIZES), enough=ENOUGH)


def test_time_grows_with_the_lines_above_a_table():
    rows = [["a"]] * 20_000
    assert grows_linearly(grid, [*rows, ["a", "b"]], [*rows * 4, ["a", "b"]], enough=ENOUGH)


def run(x, y, text="some words of it", size=10.0):
    return TextRun(x, x + 5 * len(text), y, size, False, BoxedText(text, ((0, 4, (0, 0, 9, 9)),)))


PAGES = {
    "one line": lambda n: [run(90 * i, 0) for i in range(n)],
    "one place": lambda n: [run(0, 0) for _ in range(n)],
    "two lines too close": lambda n: [
        run(90 * i, -4 * y) for y in (0, 1) for i in range(n // 2)
    ],
    "one column": lambda n: [run(0, -11 * i) for i in range(n)],
    "lower case": lambda n: [run(0, -11 * i, "goes on and on-") for i in range(n)],
    "columns": lambda n: [run(95 * (i % (n // 8)), -11 * (i // (n // 8))) for i in range(n)],
    "a staircase": lambda n: [run(i % (n // 4), -12 * i) for i in range(n)],
    "a table": lambda n: [run(300 * (i % 2), -11 * (i // 2), "a") for i in range(n)],
    "sizes": lambda n: [run(0, -1000 * i, size=10 + i / 2) for i in range(n)],
    "turned": lambda n: [TextRun(0, 9, i, 9, False, BoxedText("a"), i % 4) for i in range(n)],
    "leaders": lambda n: [run(0, 0, ". " * n)],
    "bullets": lambda n: [run(0, -11 * i, "• item") for i in range(n)],
}  # fmt: skip


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_time_grows_with_the_words_of_a_pdf(page):
    def read(runs):
        lines = page_lines(runs)
        return page_blocks(lines, Style.of(lines))

    # Below the limits of a line and of a group time may grow like a square.
    assert grows_linearly(read, page(1_000), page(4_000), enough=ENOUGH)


def test_a_page_that_took_minutes_takes_seconds():
    runs = PAGES["one line"](30_000)
    assert processor_seconds(page_lines, runs) < 10


@pytest.mark.parametrize("count", [26, 400])
def test_comments_before_markup_are_passed_in_no_time(tmp_path, count):
    path = tmp_path / "a.bin"
    path.write_bytes(b"<!-- -->" * count + b"<!doctype html>")
    assert processor_seconds(sniff, path) < 0.5
    assert sniff(path) == ".html"
    path.write_bytes(b"<!-- -->" * count + b"<p>")
    assert processor_seconds(sniff, path) < 0.5
    assert sniff(path) == ""
