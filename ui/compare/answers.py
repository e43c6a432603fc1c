"""The answers that were written from each ranking, side by side; what differs is marked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ranklens.beside import AnswerBeside, answers_beside
from ui.shared import frame, html
from ui.shared.prose import ChipPlace, TextStyle, written

if TYPE_CHECKING:
    from markupsafe import Markup

    from ranklens.comparing import SideBySide

ONLY = "Only in this answer"


def show(made: SideBySide, labels: Mapping[str, str]) -> None:
    """Show the answers, if there are any."""
    found = answers_beside(made)
    if not found:
        return
    frame.label("The answers")
    html.show("compare/answers.html", answers=[
        (labels[one.side.name], _text(one), one.answer) for one in found
    ])  # fmt: skip
    if len(found) > 1:
        same = not any(one.only for one in found)
        who = found[0].answer.generator
        all_of = "both" if len(found) == 2 else "all"
        quoted = f"{all_of.capitalize()} are quoted from the passages"
        by = quoted if who == "extractive" else f"{who} wrote {all_of}"
        marks = "they are the same." if same else "what only one of them holds is marked."
        frame.say(f"{by}; {marks}")


def _text(one: AnswerBeside) -> Markup:
    """Return an answer as HTML: chips for its citations, marks on what only it holds."""
    hits = one.side.trace.evidence if one.side.trace else ()
    chips = [
        ChipPlace(c.start, c.end, c.number, hits[c.number - 1].chunk)
        for c in one.answer.citations
        if c.number <= len(hits)
    ]
    marks = [TextStyle(start, end, "only", ONLY) for start, end in one.only]
    return written(one.answer.text, chips, marks)
