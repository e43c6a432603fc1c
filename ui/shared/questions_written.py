"""Questions that a model writes from a document: ticked by a person before they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from rag.evaluate.data import Question
from rag.evaluate.judgements.question_sets import with_added
from rag.evaluate.judgements.question_writer import (
    QuestionsWritten,
    WrittenQuestion,
    write_questions,
)
from rag.text.plural import plural
from ui.shared import asking_model, frame, jobs
from ui.shared.frame import escape

if TYPE_CHECKING:
    from ranklens.library import Library

KIND = "write"
MOST = 100


def show(library: Library) -> str | None:
    """Offer to let the model write questions; returns the set that some were just kept in."""
    st.html('<h2 class="rl-label">Let a model write questions</h2>')
    names = [document.name for document in library.documents() if document.status == "ready"]
    if not names:
        frame.notice("There is no document to write questions from; add one to the library.")
        return None
    if (model := asking_model.model_or_advice(library)) is None:
        return None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Document", names, key="write_document", width=320)
        count = int(st.number_input("Questions", 1, MOST, 10, key="write_count", width=140))
        busy = library.jobs.busy
        if st.button("Write", icon=":material/smart_toy:", key="write", disabled=busy):
            chunks = library.chunks(name)
            library.jobs.start(KIND, f"{model.model} reads {name}",
                lambda job: write_questions(model, chunks, count, job.advance, job.stop),
                "passages",
            )  # fmt: skip
            st.rerun()
    st.html(
        '<p class="rl-say">Each comes with the quote that answers it, word for word from the '
        "document. The passages are sent to the model's server.</p>"
    )
    job = jobs.follow(library, KIND, "No questions were written")
    if job is None:
        return None
    st.html(f"<p><b>{escape(job.what)}</b></p>{told(job.result)}")
    return _ticked(library, job.result) if job.result.written else None


def told(found: QuestionsWritten) -> str:
    """Return what was written as HTML, and what was dropped."""
    dropped = [
        said
        for count, said in (
            (found.unfounded, "dropped: the quote is not in the passage"),
            (found.repeated, "dropped: asked before"),
        )
        if count
        for said in (f"{count:,} {said}",)
    ]
    more = "".join(f'<p class="rl-say">{said}</p>' for said in dropped)
    return asking_model.told(found.outcome, "passages read") + more


def keep(
    library: Library, name: str, found: QuestionsWritten, chosen: Sequence[WrittenQuestion]
) -> tuple[str, int]:
    """Add questions to a set, with their quotes as the model's judgements; returns name, number.

    Questions that the set has already are not added again. Raises `RanklensError`.
    """
    name = " ".join(name.split())
    sets = library.question_sets
    held = list(sets.questions(name)) if name in sets.names() else []
    new = (Question("", one.question, "written", one.answer) for one in chosen)
    every = with_added(held, new)
    digests = {document.name: document.digest for document in library.documents()}
    sets.put(name, every)
    library.judgements.add(
        one.judgement(found.model, digests.get(one.document, "")) for one in chosen
    )
    return name, len(every) - len(held)


def _ticked(library: Library, found: QuestionsWritten) -> str | None:
    """Show the questions with a tick each, and keep those that are ticked."""
    with st.form("ticked", border=False):
        table = st.data_editor(
            [
                {"Keep": False, "Question": w.question, "Quote": w.quote, "Answer": w.answer}
                for w in found.written
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
    chosen = [w for w, row in zip(found.written, table, strict=True) if row["Keep"]]
    if not chosen:
        frame.notice("Tick the questions that are worth asking first.")
        return None
    try:
        kept, number = keep(library, name, found, chosen)
    except RanklensError as error:
        frame.notice(str(error), "Nothing was kept", "bad")
        return None
    left = tuple(w for w in found.written if w not in chosen)
    if (job := library.jobs.last(KIND)) is not None:
        job.result = replace(found, written=left)
    st.session_state["questions_said"] = (f"{kept}: {plural(number, 'question')} added", "")
    return kept
