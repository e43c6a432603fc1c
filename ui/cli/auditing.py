"""`judgements --audit`: a model's figures, corrected by what people graded of a random sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ui.cli.options import open_library
from ui.cli.words import clean

if TYPE_CHECKING:
    from rag.settings import Settings

HEADER = ("nDCG@10", "by the model", "by people", "corrected", "from", "to")
NEXT = 5  # questions that are named


def show_audit(settings: Settings, name: str, pipelines: Sequence[str]) -> None:
    """Rank a set's questions, print the corrected figures and which questions to grade next."""
    from ranklens import auditing, comparison
    from ranklens.comparing import resolve
    from ui.cli.progress import CountingBar, stop_on_interrupt
    from ui.cli.show import table

    variants = resolve(settings, pipelines, owner=True)
    with open_library(settings) as library:
        with stop_on_interrupt() as stop, CountingBar() as bar:
            compared = comparison.rank_all(library, name, variants, "", bar, stop)
        found = auditing.audit(library, compared)
    keys = ("model", "people", "corrected", "low", "high")
    table(
        HEADER,
        [(row["what"], *(_number(row[key]) for key in keys)) for row in auditing.rows(found)],
    )
    for sentence in found.sentences:
        print(clean(sentence))
    if (pair := found.agreement) is not None and pair.kappa is not None:
        print(f"kappa of the model and the people: {pair.kappa:.3f} over {pair.shared} passages")
    for question in found.sample.waiting[:NEXT]:
        print(f"next: {clean(question.text)}")


def _number(value: float) -> str:
    return f"{value:.3f}" if value == value else ""
