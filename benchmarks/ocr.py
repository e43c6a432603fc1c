"""Text recognition against the text layer of the same pages: errors, confidence, seconds, memory.

    python -m benchmarks.ocr [FOLDER] [--pages N] [--clean]

Pages of `sample_docs` and of the PDFs of a folder are drawn at 200 dots an inch, turned by 0.6
degrees, blurred and made noisy, put into a PDF of pictures, and read as any scan is. What is read
is compared with what is read of the page itself: the character error rate (edits of the text in
reading order per character of the page; white space, quotation marks and dashes made equal), and
the share of the page's words that are there, in any order. Seconds are those of one processor.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter
from pypdfium2 import PdfDocument

from benchmarks._report import table
from ingest.loaders import LoadOptions, load, picture, read
from ingest.loaders.base import Page
from ingest.loaders.pictures import Pictures
from ingest.recognise import recognise

SAMPLES = Path(__file__).resolve().parents[1] / "sample_docs"
DPI, DEGREES, BLUR, NOISE = 200, 0.6, 0.5, 12.0
SAME = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "—": "-", "–": "-", "‑": "-"})
FULL = 300  # characters of a page that counts


class Measured(NamedTuple):
    """One page."""

    errors: float
    words: float
    confidence: float
    seconds: float


def main() -> None:
    """Print a row a document, and one of all pages."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", help="PDFs with a text layer")
    parser.add_argument("--pages", type=int, default=3, help="of each PDF")
    parser.add_argument("--clean", action="store_true", help="neither turned nor noisy")
    given = parser.parse_args()
    files = [*SAMPLES.glob("*.pdf"), *(given.folder.glob("*.pdf") if given.folder else ())]
    recognise(Image.new("RGB", (99, 99)))  # loads the models
    found = {path.name: measured(path, given.pages, given.clean) for path in sorted(files)}
    found["all"] = [page for pages in found.values() for page in pages]
    head = (
        "document",
        "pages",
        "character errors",
        "words found",
        "confidence",
        "processor s a page",
    )
    print(table(head, [row(name, pages) for name, pages in found.items()]))
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def row(name: str, pages: Sequence[Measured]) -> tuple[str, ...]:
    """Return the means of pages as a row."""
    errors, words, confidence, seconds = (mean(values) for values in zip(*pages, strict=True))
    return (name, f"{len(pages)}", f"{errors:.2%}", f"{words:.1%}", f"{confidence:.1%}",
            f"{seconds:.1f}")  # fmt: skip


def measured(path: Path, most: int, clean: bool) -> list[Measured]:
    """Measure pages with text, spread over a document."""
    pages = load(path)
    filled = [page for page in pages if len(plain(page)) > FULL]
    step = max(len(filled) // most, 1)
    return [measure(path, page, clean) for page in filled[step // 2 :: step][:most]]


def measure(path: Path, page: Page, clean: bool) -> Measured:
    """Scan a page, read the scan, and compare."""
    truth = plain(page)
    drawn = PdfDocument(path)[(page.number or 1) - 1].render(scale=DPI / 72).to_pil().convert("L")
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        (drawn if clean else scanned(drawn)).save(file, "PDF", resolution=DPI)
        file.flush()
        started = time.process_time()
        text = recognise(picture(Path(file.name), "1", LoadOptions()))
        seconds = time.process_time() - started
        known = Pictures({"1": text})
        (again,) = read(Path(file.name), LoadOptions(pictures=known))[1].pages
    words = Counter(truth.split())
    there = (words & Counter(plain(again).split())).total()
    errors = edits(plain(again), truth) / len(truth)
    return Measured(errors, there / words.total(), known.confidence or 0.0, seconds)


def scanned(drawn: Image.Image) -> Image.Image:
    """Return a page as a scanner gives it."""
    turned = drawn.rotate(DEGREES, Image.Resampling.BICUBIC, fillcolor=255)
    soft = np.asarray(turned.filter(ImageFilter.GaussianBlur(BLUR)), np.float32)
    noise = np.random.default_rng(1).normal(0, NOISE, soft.shape)
    return Image.fromarray((soft + noise).clip(0, 255).astype(np.uint8))


def plain(page: Page) -> str:
    """Return a page's words in reading order, without the bars between cells."""
    text = " ".join(block.text for block in page.blocks).translate(SAME).replace(" | ", " ")
    return " ".join(text.split())


def edits(a: str, b: str) -> int:
    """Return the Levenshtein distance, a row of the table at a time."""
    left = np.array([ord(c) for c in b])
    steps = np.arange(len(b) + 1)
    before = steps
    for number, letter in enumerate(a, 1):
        now = np.minimum(before[1:] + 1, before[:-1] + (left != ord(letter)))
        now = np.concatenate(([number], now))
        before = np.minimum.accumulate(now - steps) + steps  # insertions run along the row
    return int(before[-1])


if __name__ == "__main__":
    main()
