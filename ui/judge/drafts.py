"""Questions that a model writes from a document: ticked by a person before they are kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from rag.text.plural import plural
from ranklens import background, job_kinds
from ranklens.question_sets import QuestionsWritten, keep_drafts
from ui.judge import model
from ui.shared import collections, frame, jobs

if TYPE_CHECKING:
    from ranklens.library import Library

JOB = job_kinds.WRITE
MOST = 100


def show(library: Library) -> tuple[str, str] | None:
    """Offer to let the model write questions.

    Returns the set that some were just kept in, with how many they are in words.
    """
    frame.label("Let a model write questions")
    names = [document.name for document in library.documents() if document.status == "ready"]
    if not names:
        frame.notice("There is no document to write questions from; add one to the library.")
        return None
    if (settings := model.settings_or_advice(library)) is None:
        return None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Document", names, key="write_document", width=320)
        count = int(st.number_input("Questions", 1, MOST, 10, key="write_count", width=140))
        busy = library.jobs.busy
        if st.button("Write", icon=":material/smart_toy:", key="write", disabled=busy):
            background.write_questions(library, settings, name, count)
            st.rerun()
    frame.say(
        "Each comes with the quote that answers it, word for word from the document. The passages "
        "are sent to the model's server."
    )
    job = jobs.follow(library, JOB, "No questions were written")
    if job is None:
        return None
    show_drafts(job.what, job.result)
    return _ticked(library, job.result) if job.result.written else None


def show_drafts(what: str, found: QuestionsWritten) -> None:
    """Show what the calls came to, and how many questions were dropped."""
    model.show_outcome(what, found.outcome, "passages read")
    if found.unfounded:
        frame.say(f"{found.unfounded:,} dropped: the quote is not in the passage")
    if found.repeated:
        frame.say(f"{found.repeated:,} dropped: asked before")


def _ticked(library: Library, found: QuestionsWritten) -> tuple[str, str] | None:
    """Show the questions with a tick each, and keep those that are ticked."""
    with st.form("ticked", border=False):
        table = st.data_editor(
            [
                {"Keep": False, "Question": d.question, "Quote": d.quote, "Answer": d.answer}
                for d in found.written
            ],
            hide_index=True,
            disabled=("Question", "Quote", "Answer"),
            width="stretch",
            key=f"ticks_{id(found)}",
        )
        name = st.text_input("Set", placeholder="A new name, or one to add to", max_chars=80,
                             key="written_set")  # fmt: skip
        if not st.form_submit_button("Keep the ticked", icon=":material/check:"):
            return None
    chosen = [draft for draft, row in zip(found.written, table, strict=True) if row["Keep"]]
    if not chosen:
        frame.notice("Tick the questions that are worth asking first.")
        return None
    try:
        kept, number = keep_drafts(library, name, found, chosen, collections.target(library))
    except RanklensError as error:
        frame.notice(str(error), "Nothing was kept", "bad")
        return None
    if (job := library.jobs.last(JOB)) is not None:
        left = tuple(draft for draft in found.written if draft not in chosen)
        job.result = replace(found, written=left)
    return kept, f"{kept}: {plural(number, 'question')} added"
