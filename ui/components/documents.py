"""The table of documents. Cells of a data frame show text literally."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

if TYPE_CHECKING:
    from rag.store.catalogue import Document

STATUS = {
    "ready": "● ready",
    "queued": "○ queued",
    "indexing": "◐ indexing",
    "failed": "✕ failed",
}
ROW = 36


def table(held: Sequence[Document]) -> Document | None:
    """Show the documents; return the selected one, None where none is."""
    config = st.column_config
    event = st.dataframe(
        frame_of(held),
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key="documents",
        height=min(len(held) + 1, 12) * ROW + 3,
        row_height=ROW,
        column_config={
            "Document": config.TextColumn(width="medium"),
            "Status": config.TextColumn(width="small"),
            "Pages": config.NumberColumn(width="small"),
            "Passages": config.NumberColumn(width="small", format="localized"),
            "Size": config.NumberColumn(width="small", format="bytes"),
            "Added": config.DatetimeColumn(width="small", format="D MMM YYYY, HH:mm"),
        },
    )
    rows = event.selection.rows
    return held[rows[0]] if rows and rows[0] < len(held) else None


def frame_of(held: Sequence[Document]) -> pd.DataFrame:
    """Return the table's data; the reason of a failure has a column only where something failed."""
    rows: list[dict[str, Any]] = [
        {
            "Document": document.name,
            "Status": STATUS.get(document.status, document.status),
            "Pages": document.pages,
            "Passages": document.chunks if document.status == "ready" else None,
            "Size": document.size,
            "Added": document.added,
            "Reason": document.reason,
        }
        for document in held
    ]
    table = pd.DataFrame(rows).astype({"Pages": "Int64", "Passages": "Int64"})
    return table if any(document.reason for document in held) else table.drop(columns="Reason")
