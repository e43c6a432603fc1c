"""What judges of a question set should know: written here, shown beside the passages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from rag.text.typed import LONGEST_NOTE
from ranklens.judging import Guidelines
from ui.judge import pool
from ui.shared import frame, grades

if TYPE_CHECKING:
    from ranklens.library import Library


def show(library: Library, name: str) -> None:
    """Offer the guidelines of a set to be read and changed."""
    given = library.question_sets.guidelines(name)
    with st.expander("Guidelines for judges"), st.form(f"guidelines_{name}", border=False):
        text = st.text_area("Guidelines", given.text, height=120, max_chars=LONGEST_NOTE,
                            placeholder="What counts as relevant in this set")  # fmt: skip
        meanings = [
            st.text_input(f"{grade} {label}", given.meanings[grade], max_chars=LONGEST_NOTE,
                          placeholder=pool.MEANINGS[grade])
            for grade, label in grades.LABELS.items()
        ]  # fmt: skip
        if not st.form_submit_button("Save guidelines", icon=":material/check:"):
            return
    zero, one, two, three = meanings
    try:
        library.question_sets.guide(name, Guidelines(text, (zero, one, two, three)))
    except RanklensError as error:
        frame.notice(str(error), "The guidelines were not kept", "bad")
    else:
        st.toast("Guidelines kept", icon=":material/check:")
