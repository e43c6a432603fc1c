"""Whole data sets on the page: files in as a collection, a question set out as an archive."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import IO, TYPE_CHECKING

import streamlit as st

from rag.text.plural import plural
from ranklens import exchange, job_kinds, upkeep
from ranklens.exchange import ImportedDataset
from ui.judge import importing
from ui.shared import frame, jobs

if TYPE_CHECKING:
    from ranklens.library import Library

_KEY = "dataset"
FORMS: dict[str, exchange.Form] = {
    "BEIR": "beir", "Parquet": "parquet", "JSON Lines": "jsonl"
}  # fmt: skip


def show(library: Library, name: str | None) -> None:
    """Offer a data set's files to be imported, and the chosen set to be exported."""
    frame.label("Data sets")
    frame.say(
        "A data set has documents, questions and judgements: BEIR's corpus.jsonl, queries.jsonl "
        "and qrels, the Hugging Face hub's parquet or JSON Lines, or a ZIP archive of these. "
        "Importing makes a collection and a question set of its name."
    )
    importing.show_report(_KEY)
    if not library.jobs.busy:
        importing.uploader(library, _KEY, "Import a data set", partial(_import, library),
                           several=True)  # fmt: skip
    job = jobs.follow(library, job_kinds.IMPORT, "The data set was not imported")
    if job is not None and isinstance(job.result, ImportedDataset):
        _show(job.result)
    if name is not None:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            form = FORMS[st.selectbox("Export as", list(FORMS), key="export_form", width=200)]
            st.download_button(
                "Export the set",
                partial(exchange.export_archive, library, name, form),
                f"{form}.zip",
                icon=":material/download:",
                on_click="ignore",
                key="export_set",
                help="With the passages of its collection and people's grades",
            )


def _show(made: ImportedDataset) -> None:
    counts = ", ".join(
        (
            plural(made.documents, "document"),
            plural(made.questions, "question"),
            plural(made.judgements, "judgement"),
        )
    )
    frame.notice("; ".join((counts, *made.notes)), f"{made.name}: imported")


def _import(library: Library, files: Sequence[IO[bytes]]) -> str:
    job = upkeep.import_dataset(library, [(file.name, file) for file in files])
    return f"{job.what}…"
