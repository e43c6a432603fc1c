"""A model's grades audited by people: the next question to grade, and the corrected figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from ranklens import auditing
from ranklens.auditing import GradesAudit
from ranklens.judging import Question
from ui.judge import pool, ranked
from ui.shared import frame

if TYPE_CHECKING:
    from ranklens.library import Library

COLUMNS = {
    "what": "nDCG@10", "model": "By the model", "people": "By people", "corrected": "Corrected",
    "low": "From", "high": "To", "weight": "The model's weight",
}  # fmt: skip


def show(library: Library, name: str, questions: Sequence[Question]) -> None:
    """Show what people's grades of a random sample make of the model's figures."""
    frame.label("Audit the model's grades")
    frame.say(
        "Figures by a model's grades can be off. Grade some of its questions yourself, in the "
        "order of chance that is given here: what the model is off there corrects the figures of "
        "all others, and the interval counts both."
    )
    if not auditing.graded_by(library, questions):
        frame.say("No model has graded passages of this set yet.")
        return
    compared = ranked.show(library, name, "audit")
    if compared is None:
        return
    try:
        found = auditing.audit(library, compared)
    except RanklensError as error:
        frame.notice(str(error), "Nothing to audit", "warn")
        return
    _figures(found)
    if (following := found.next) is not None:
        at = [one.id for one in questions].index(following.id)
        st.button("Grade the next question of the sample", key="audit_next",
                  icon=":material/gavel:", on_click=_grade, args=(name, at))  # fmt: skip
        frame.say(following.text)


def _figures(found: GradesAudit) -> None:
    for sentence in found.sentences:
        frame.say(sentence)
    st.dataframe(
        [{COLUMNS[key]: value for key, value in row.items()} for row in auditing.rows(found)],
        column_config={
            title: st.column_config.NumberColumn(format="%.3f")
            for key, title in COLUMNS.items()
            if key != "what"
        },
        hide_index=True,
        key="audit_figures",
    )
    if (pair := found.agreement) is not None and pair.kappa is not None:
        frame.say(f"Cohen's kappa of the model and the people: {pair.kappa:.3f} over "
                  f"{pair.shared:,} passages.")  # fmt: skip


def _grade(name: str, at: int) -> None:
    """Go to a question, to grade its passages without seeing the model's grades."""
    st.session_state[pool.AT] = (name, at)
    st.session_state["judge_view"] = "Grade passages"
