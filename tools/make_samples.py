"""Make the binary documents of `sample_docs/` from the texts in `tools/samples/text/`.

Run from the root of the project, after a change to a text: `python -m tools.make_samples`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tools.samples import book, pdf, sheets, slides, word

FOLDER = Path(__file__).resolve().parents[1] / "sample_docs"


def make(folder: Path) -> None:
    """Write the generated documents to `folder`; the same texts give the same bytes."""
    pdf.build_paper("voyager-grand-tour.md", folder / "voyager-grand-tour.pdf")
    pdf.build_article("mars-rovers.md", folder / "mars-rovers.pdf")
    word.build("cassini-huygens.md", folder / "cassini-huygens.docx")
    slides.build("space-telescopes.md", folder / "space-telescopes.pptx")
    sheets.build(
        {"Planets": "planets.csv", "Moons": "moons.csv"}, folder / "planets-and-moons.xlsx"
    )
    book.build(
        "clockwork-of-orbits.md", "The Clockwork of Orbits", folder / "clockwork-of-orbits.epub"
    )


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
