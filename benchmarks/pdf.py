"""Ways to read PDFs, side by side: ``python -m benchmarks.pdf FOLDER``.

Nobody knows what a report's right text is, so the ways check each other: a word that one alone
reads is probably broken or run together, a word that it lacks though two others read it is lost.
A table's row is whole if a line has letters and at least two amounts. Then random quotes of the
text are looked up, and PDFium is asked which text stands in the boxes that are found.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pypdf import PdfReader, apply_configuration
from pypdfium2 import PdfDocument

from benchmarks._report import table
from ingest.boxes import Mark, marks, unpack
from ingest.loaders import load
from ingest.loaders.base import Page
from ingest.loaders.boxed_text import BoxedText
from ingest.loaders.pdf import MOST_ELEMENTS
from ingest.loaders.pdf_lines import page_lines
from ingest.loaders.pdf_text import TextRun
from ingest.parsed import Parsed, assemble

AMOUNT = re.compile(r"\(?\d{1,3}(?:,\d{3})+\)?|\(?\d+\.\d+\)?")
LETTER_WIDTH = 0.5  # of the font's height: the visitor is given no widths
QUOTES = 200
Read = Callable[[Path], list[str]]


def ours(path: Path) -> list[str]:
    """Read with the project's loader: PDFium's characters, our lines, columns and rows."""
    return texts(load(path))


def texts(pages: Sequence[Page]) -> list[str]:
    """Return pages as text, a block a line."""
    return ["\n".join(block.text for block in page.blocks) for page in pages]


def pdfium(path: Path) -> list[str]:
    """Read with PDFium's own order of text."""
    return [page.get_textpage().get_text_range() for page in PdfDocument(path)]


def pypdf_plain(path: Path) -> list[str]:
    """Read with pypdf as it is."""
    return [page.extract_text() for page in PdfReader(path).pages]


def pypdf_layout(path: Path) -> list[str]:
    """Read with pypdf's layout mode."""
    return [page.extract_text(extraction_mode="layout") for page in PdfReader(path).pages]


def pypdf_visitor(path: Path) -> list[str]:
    """Read with pypdf's visitor, put in order by our lines and columns."""
    return [
        "\n".join(line.text for line in page_lines(list(_visited(page))))
        for page in PdfReader(path).pages
    ]


def _visited(page: object) -> Iterator[TextRun]:
    runs: list[TextRun] = []

    def visit(
        text: str, cm: Sequence[float], tm: Sequence[float], font: object, size: float
    ) -> None:
        if text.strip():
            x, y = (tm[4] * cm[i] + tm[5] * cm[i + 2] + cm[i + 4] for i in (0, 1))
            height = abs(size * tm[3] * cm[3]) or size
            content = BoxedText(" ".join(text.split()))
            width = LETTER_WIDTH * height * len(content.text)
            runs.append(TextRun(x, x + width, y, height, False, content))

    page.extract_text(visitor_text=visit)  # type: ignore[attr-defined]
    yield from runs


WAYS: dict[str, Read] = {
    "this project (PDFium's characters)": ours,
    "PDFium, plain": pdfium,
    "pypdf, plain": pypdf_plain,
    "pypdf, layout": pypdf_layout,
    "pypdf, visitor": pypdf_visitor,
}


def compare(paths: Sequence[Path]) -> str:
    """Return a table of the ways to read."""
    read: dict[str, list[str]] = {}
    seconds: dict[str, float] = {}
    for name, way in WAYS.items():
        started = time.process_time()
        read[name] = [page for path in paths for page in way(path)]
        seconds[name] = time.process_time() - started
    alone, lacking = checked(read)
    rows = []
    for name, pages in read.items():
        words = sum(len(page.split()) for page in pages)
        rows.append(
            [
                name,
                f"{1000 * seconds[name] / len(pages):.0f}",
                f"{words:,}",
                f"{alone[name]:,}",
                f"{lacking[name]:,}",
                f"{sum(map(whole_rows, pages)):,}",
            ]
        )
    columns = ["way", "ms a page", "words", "read by it alone", "lost", "whole rows of tables"]
    return table(columns, rows)


def checked(read: dict[str, list[str]]) -> tuple[Counter[str], Counter[str]]:
    """Return by way how many words it alone reads, and how many it lacks that others read."""
    alone: Counter[str] = Counter()
    lacking: Counter[str] = Counter()
    for pages in zip(*read.values(), strict=True):
        words = [Counter(re.findall(r"[^\W\d_]{3,}", page)) for page in pages]
        for name, own in zip(read, words, strict=True):
            others = [other for other in words if other is not own]
            for word in set().union(*words):
                counts = sorted((other[word] for other in others), reverse=True)
                alone[name] += max(0, own[word] - counts[0])
                lacking[name] += max(0, counts[1] - own[word])
    return alone, lacking


def whole_rows(page: str) -> int:
    """Return how many lines have letters and at least two amounts."""
    lines = page.splitlines()
    return sum(len(AMOUNT.findall(x)) > 1 and bool(re.search(r"[a-z]{3}", x)) for x in lines)


def quotes(paths: Sequence[Path]) -> str:
    """Return a table of random quotes of 5 to 20 words, looked up by their place in the text."""
    rows = []
    for path in paths:
        parsed = assemble("application/pdf", load(path))
        chance, right, seconds = random.Random(7), 0, 0.0
        with PdfDocument(path) as pdf:
            for _ in range(QUOTES):
                number, start, end = _quote(parsed, chance)
                started = time.perf_counter()
                found = marks(parsed.boxes, parsed.text, number, start, end)
                seconds += time.perf_counter() - started
                whole = _bare("".join(mark.text for mark in found)) == _bare(parsed.text[start:end])
                right += whole and all(_holds(pdf, number, mark) for mark in found)
        words, size = len(unpack(parsed.boxes)), len(parsed.boxes)
        rows.append(
            [path.name, f"{right} of {QUOTES}", f"{1000 * seconds / QUOTES:.1f}",
             f"{words:,}", f"{len(parsed.text) / 1000:.0f}", f"{size / 1000:.0f}"]
        )  # fmt: skip
    columns = ["file", "quotes whole in their boxes", "ms a quote", "words", "text kB", "boxes kB"]
    return table(columns, rows)


def _quote(parsed: Parsed, chance: random.Random) -> tuple[int, int, int]:
    """Return the page, start and end of some words of one block."""
    while True:
        span = chance.choice(parsed.spans)
        words = [m.span() for m in re.finditer(r"\S+", parsed.text[span.start : span.end])]
        count = chance.randint(5, 20)
        if len(words) >= count:
            first = chance.randrange(len(words) - count + 1)
            start, end = words[first][0], words[first + count - 1][1]
            return span.page or 0, span.start + start, span.start + end


def _holds(pdf: PdfDocument, number: int, mark: Mark) -> bool:
    """Return whether PDFium reads the words of a mark in its box."""
    page = pdf[number - 1]
    width, height = page.get_size()
    there = page.get_textpage().get_text_bounded(
        left=mark.left * width - 0.5,
        right=mark.right * width + 0.5,
        top=(1 - mark.top) * height + 0.5,
        bottom=(1 - mark.bottom) * height - 0.5,
    )
    return not Counter(_bare(mark.text)) - Counter(_bare(there))


def _bare(text: str) -> str:
    return re.sub(r"\W", "", text)


def main() -> None:
    """Compare on the PDFs of a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    paths = sorted(parser.parse_args().folder.glob("*.pdf"))
    with apply_configuration(
        array_maximum_element_count=MOST_ELEMENTS, dictionary_maximum_element_count=MOST_ELEMENTS
    ):
        print(f"{compare(paths)}\n\n{quotes(paths)}")


if __name__ == "__main__":
    main()
