"""The judgement that tells two pipelines apart soonest: one passage at a time, and why this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from rag.types import Chunk
from ranklens import comparison, viewing
from ranklens.comparison import ComparedRankings, UsefulPassage
from ui.judge import ranked
from ui.shared import frame, grades, html

if TYPE_CHECKING:
    from ranklens.library import Library

_SKIPPED = "useful_skipped"


def show(library: Library, name: str) -> None:
    """Offer to rank a set's questions, and then the judgements that matter most."""
    frame.say(
        "For a comparison, few passages decide: those that the pipelines put at different places. "
        "They come first, from any question of the set, without names or ranks."
    )
    compared = ranked.show(library, name, "useful", judge=True)
    if compared is not None:
        _next(library, compared)


@st.fragment
def _next(library: Library, compared: ComparedRankings) -> None:
    """Show the next passage with its grades, and how the comparison stands."""
    skipped: set[tuple[str, str]] = st.session_state.setdefault(_SKIPPED, set())
    grades.problem()
    try:
        found = comparison.useful(library, compared, 1, skipped)
        standing = list(comparison.summary(library, compared))
    except RanklensError as error:
        frame.notice(str(error), "Nothing to judge here", "warn")
        return
    for one in found:
        _passage(library, one)
        _buttons(library, one.question.text, one.passage, (one.question.id, one.passage.id))
    if not found:
        frame.empty("Nothing is left to judge", "Or skipped passages are all that is left.")
    for sentence in standing:
        frame.say(sentence)


def _passage(library: Library, one: UsefulPassage) -> None:
    mark = viewing.marker(library, one.question.text)
    html.show(
        "judge/useful.html",
        one=one,
        question=one.question.text,
        document=one.passage.document,
        pieces=mark(one.passage, one.passage.text),
    )


def _buttons(library: Library, question: str, passage: Chunk, key: tuple[str, str]) -> None:
    with st.container(horizontal=True, gap="small"):
        for grade, label in grades.LABELS.items():
            st.button(f"{grade} {label}", key=f"useful_{grade}", shortcut=str(grade),
                      on_click=_grade, args=(library, question, passage, grade))  # fmt: skip
        st.button("Skip", key="useful_skip", shortcut="s", on_click=_skip, args=(key,))


def _grade(library: Library, question: str, passage: Chunk, grade: int) -> None:
    grades.save(library, question, passage, grade)


def _skip(key: tuple[str, str]) -> None:
    st.session_state.setdefault(_SKIPPED, set()).add(key)
