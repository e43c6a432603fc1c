"""What pipelines ranked for one question: where each passage went, and the passages, whole."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import streamlit as st

from ranklens.comparing import SideBySide
from ranklens.viewing import Marker
from ui.compare import bump
from ui.shared import frame, html

WIDEST = 3  # pipelines whose passages stand side by side


def chart(made: SideBySide, labels: Mapping[str, str], relevant: Collection[str] = ()) -> None:
    """Show where each passage went."""
    columns = [
        bump.BumpColumn(labels[side.name], side.last, side.trace.top)
        for side in made.sides
        if side.trace
    ]
    if columns:
        frame.label("Where each passage went")
        st.html(bump.drawn(bump.layout(columns), relevant))


def passages(
    made: SideBySide, labels: Mapping[str, str], mark: Marker, relevant: Collection[str] = ()
) -> None:
    """Show what each pipeline's answer was given, words of the question marked."""
    done = [side for side in made.sides if side.trace][:WIDEST]
    ranks = {hit.chunk.id: hit.rank for hit in done[0].last} if done else {}
    frame.label("The passages")
    html.show("compare/passages.html", sides=done, labels=labels, ranks=ranks, relevant=relevant,
              mark=mark)  # fmt: skip
