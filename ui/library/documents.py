"""The table of documents. Cells of a data frame show text literally."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

if TYPE_CHECKING:
    from ranklens import Document

STATUS = {
    "ready": "● ready",
    "queued": "○ queued",
    "indexing": "◐ indexing",
    "failed": "✕ failed",
}
ROW = 36
MOST_ROWS = 12


def table(held: Sequence[Document]) -> Document | None:
    """Show the documents; return the selected one, None if none is.

    A selection is by row; it is kept by name here, since rows move as documents come and go.
    """
    config = st.column_config
    names = [document.name for document in held]
    chosen = st.session_state.get("document")
    rows = [names.index(chosen)] if chosen in names else []
    event = st.dataframe(
        frame_of(held),
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": rows}},
        key=f"documents_{hash(tuple(names))}",
        height="content" if len(held) <= MOST_ROWS else (MOST_ROWS + 1) * ROW,
        row_height=ROW,
        placeholder="",
        column_config={
            "Document": config.TextColumn(width=280),
            "Status": config.TextColumn(width="small"),
            "Pages": config.NumberColumn(width="small"),
            "Passages": config.NumberColumn(width="small", format="localized"),
            "OCR": config.NumberColumn(
                width="small", format="percent", help="How sure text recognition was of its letters"
            ),
            "Size": config.NumberColumn(width="small", format="bytes"),
            "Added": config.DatetimeColumn(width="small", format="D MMM YYYY"),
        },
    )
    rows = event.selection.rows
    selected = held[rows[0]] if rows and rows[0] < len(held) else None
    st.session_state["document"] = selected.name if selected else None
    return selected


def frame_of(held: Sequence[Document]) -> pd.DataFrame:
    """Return the table's data."""
    rows: list[dict[str, Any]] = [
        {
            "Document": document.name,
            "Status": STATUS.get(document.status, document.status),
            "Pages": document.pages,
            "Passages": document.chunks if document.status == "ready" else None,
            "OCR": document.ocr_confidence,
            "Size": document.size,
            "Added": document.added,
        }
        for document in held
    ]
    frame = pd.DataFrame(rows).astype({"Pages": "Int64", "Passages": "Int64", "OCR": "Float64"})
    return frame if frame["OCR"].notna().any() else frame.drop(columns="OCR")
