"""The table of documents: which are shown, in which order. Its cells show text literally."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st
from markupsafe import Markup

from ranklens.models import size_text
from ui.shared.html import macro

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
MANY = 5  # documents, from which on they are searched and sorted
FIND, TAGS, SORT = "library_find", "library_tags", "library_sort"
TagsByName = Mapping[str, Sequence[str]]
SORTED: dict[str, Callable[[Document], Any]] = {
    "Name": lambda document: document.name.lower(),
    "Newest first": lambda document: -document.added.timestamp(),
    "Largest first": lambda document: -document.size,
    "Most passages first": lambda document: -document.chunks,
    "Problems first": lambda document: (not document.reason, not document.warnings),
}


def chosen(held: Sequence[Document], tags: TagsByName) -> list[Document]:
    """Show what chooses and sorts documents, once there are some; return those to be shown."""
    names = {document.name for document in held}
    known = sorted({tag for name, own in tags.items() if name in names for tag in own})
    if len(held) < MANY and not known:
        return sorted(held, key=SORTED["Name"])
    st.session_state[TAGS] = [tag for tag in st.session_state.get(TAGS) or () if tag in known]
    find, by_tag, sort = st.columns((3, 3, 2))
    words = find.text_input("Find", key=FIND, persist_state="session",
                            placeholder="Part of a name", label_visibility="collapsed")  # fmt: skip
    wanted = by_tag.multiselect("Tags", known, key=TAGS, persist_state="session",
                                placeholder="All tags" if known else "No tags yet",
                                disabled=not known, label_visibility="collapsed")  # fmt: skip
    order = sort.selectbox("Sort by", list(SORTED), key=SORT, persist_state="session",
                           format_func=lambda name: f"Sort: {name}",
                           label_visibility="collapsed")  # fmt: skip
    fits = (document for document in held if words.lower() in document.name.lower())
    tagged = (document for document in fits if set(wanted) <= set(tags.get(document.name, ())))
    return sorted(tagged, key=SORTED[order or "Name"])


def totals(shown: Sequence[Document], held: Sequence[Document]) -> Markup:
    """Return as HTML how many documents, pages, passages and bytes are shown."""
    ready = [document for document in shown if document.status == "ready"]
    return macro("totals", "library/library.html")(
        len(shown),
        sum(document.pages or 0 for document in ready),
        sum(document.chunks for document in ready),
        _size_text(sum(document.size for document in shown)),
        len(held) if len(held) > len(shown) else 0,
    )


def _size_text(size: int) -> str:
    return size_text(size) if size >= 1_000_000 else f"{size / 1000:.0f} kB"


def table(held: Sequence[Document], tags: TagsByName) -> Document | None:
    """Show the documents; return the selected one, None if none is.

    A selection is by row; it is kept by name here, since rows move as documents come and go.
    """
    config = st.column_config
    names = [document.name for document in held]
    chosen = st.session_state.get("document")
    rows = [names.index(chosen)] if chosen in names else []
    event = st.dataframe(
        frame_of(held, tags),
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
                width="small",
                format="percent",
                help="How certain text recognition was",
            ),
            "Not read": config.NumberColumn(
                width="small", help="Parts of it that could not be read; select it to see which"
            ),
            "Tags": config.ListColumn(width="small"),
            "Size": config.NumberColumn(width="small", format="bytes"),
            "Added": config.DatetimeColumn(width="small", format="D MMM YYYY"),
        },
    )
    rows = event.selection.rows
    selected = held[rows[0]] if rows and rows[0] < len(held) else None
    st.session_state["document"] = selected.name if selected else None
    return selected


def frame_of(held: Sequence[Document], tags: TagsByName | None = None) -> pd.DataFrame:
    """Return the table's data; columns that no document has anything for are left out."""
    rows: list[dict[str, Any]] = [
        {
            "Document": document.name,
            "Status": STATUS.get(document.status, document.status),
            "Pages": document.pages,
            "Passages": document.chunks if document.status == "ready" else None,
            "OCR": document.ocr_confidence,
            "Not read": len(document.warnings.splitlines()) or None,
            "Tags": list(tags.get(document.name, ())) if tags else [],
            "Size": document.size,
            "Added": document.added,
        }
        for document in held
    ]
    whole = {"Pages": "Int64", "Passages": "Int64", "OCR": "Float64", "Not read": "Int64"}
    frame = pd.DataFrame(rows).astype(whole)
    absent = [name for name in ("Pages", "OCR", "Not read") if not frame[name].notna().any()]
    absent += [] if frame["Tags"].map(len).any() else ["Tags"]
    return frame.drop(columns=absent)
