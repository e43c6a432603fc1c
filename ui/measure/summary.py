"""The summary of advice or a sweep below its template: a page to take along, charts, tables."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from rag.evaluate.reports.advice import AdviceSummary
from rag.evaluate.reports.rendering import part
from rag.evaluate.reports.sweep import SweepSummary
from ui.shared import frame


def page_button(what: str, write: Callable[[], str]) -> None:
    """Offer the summary as a file; ``what`` is its name in a word."""
    st.download_button(
        f"{what} as a page",
        write,
        f"{what.lower()}.html",
        "text/html",
        icon=":material/description:",
        key=f"{what.lower()}_page",
        on_click="ignore",
    )


def show_figures(summary: AdviceSummary | SweepSummary) -> None:
    """Show the charts side by side, and the tables below them."""
    grid = st.grid(2, min_column_width=380, gap="large")
    for title, chart in summary.charts:
        with grid.cell():
            frame.label(title, "h3")
            st.html(chart)
    for table in summary.tables:
        if not table.note:  # the title stands in the table, beside the note
            frame.label(table.title, "h3")
        st.html(part("figures")([table]))
