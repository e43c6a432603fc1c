"""Judging a question set: one passage at a time, from several pipelines, in random order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from rag.text.typed import LONGEST_NOTE
from rag.types import Chunk
from ranklens import judging
from ranklens.judging import Question
from ui.shared import frame, grades, html, state, variants

if TYPE_CHECKING:
    from ranklens.library import Library

DEPTHS = (5, 10, 20)
_AT, _POOL, _LAST, _SKIPPED = "judge_at", "judge_pool", "judge_last", "judge_skipped"


def show(library: Library, name: str, questions: Sequence[Question]) -> None:
    """Show the question that is at hand with the next passage to grade."""
    left, right, who = st.columns((5, 1, 2), vertical_alignment="bottom")
    with left:
        chosen = variants.chooser(library.settings, "judge_pipelines", ("current", "none"))
    depth = right.selectbox("Depth", DEPTHS, 1, key="judge_depth", persist_state="session",
                            help="First passages of every stage that are judged")  # fmt: skip
    with who:
        grades.name_box()
    at = _position(name, len(questions))
    question = questions[at]
    _bar(library, questions, at)
    frame.question(question.text)
    if chosen is None:
        frame.notice("Choose at least one pipeline: its first passages are what is judged.")
        return
    try:
        pool = _pool(library, question, chosen, depth)
    except RanklensError as error:
        state.problem(error)
        return
    _next(library, question, pool, last=at + 1 >= len(questions))


def _next(library: Library, question: Question, pool: Sequence[Chunk], last: bool) -> None:
    ungraded = judging.ungraded(library, question.text, pool, grades.judge())
    skipped = st.session_state.setdefault(_SKIPPED, set())
    todo = [chunk for chunk in ungraded if (question.text, chunk.id) not in skipped]
    html.show("judge/progress.html", done=len(pool) - len(ungraded), total=len(pool),
              judge=grades.judge(), skipped=len(ungraded) - len(todo))  # fmt: skip
    grades.problem()
    if todo:
        _card(library, question.text, todo[0])
        return
    frame.empty(
        "Every passage is judged" if not ungraded else "The rest was left for later",
        "On to the next question." if not last else "This was the last question of the set.",
    )
    if not last:
        st.button("Next question", type="primary", shortcut="N", on_click=_go, args=(1,))


def _card(library: Library, question: str, chunk: Chunk) -> None:
    html.show("judge/passage.html", chunk=chunk)
    with st.container(horizontal=True, gap="small", key="grades"):
        for grade, label in grades.LABELS.items():
            st.button(label, key=f"grade_{grade}", shortcut=str(grade),
                      on_click=_grade, args=(library, question, chunk, grade))  # fmt: skip
        st.button("Skip", key="skip", shortcut="S", type="tertiary", on_click=_skip,
                  args=(question, chunk), help="Leave it for later")  # fmt: skip
        st.button("Undo", key="undo", shortcut="U", type="tertiary", on_click=_undo,
                  args=(library,), disabled=_LAST not in st.session_state,
                  help="Withdraw the last grade")  # fmt: skip
    st.text_input("Note", key=grades.note_key(question, chunk), label_visibility="collapsed",
                  placeholder="Why this grade (optional; write it before the grade)",
                  max_chars=LONGEST_NOTE)  # fmt: skip
    frame.say("Keys 0 to 3 grade, S skips, U undoes the last grade.")


def _bar(library: Library, questions: Sequence[Question], at: int) -> None:
    """Show where in the set we are and what of it has been judged by anybody."""
    count = len(questions) - len(judging.unjudged(library, questions))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("Previous", key="question_before", icon=":material/chevron_left:",
                  disabled=at == 0, on_click=_go, args=(-1,))  # fmt: skip
        frame.say(f"Question {at + 1:,} of {len(questions):,}", width="content")
        st.button("Next", key="question_after", icon=":material/chevron_right:",
                  disabled=at + 1 >= len(questions), on_click=_go,
                  args=(1,))  # fmt: skip
        frame.say(f"{count:,} of them judged in part or whole")


def _pool(
    library: Library, question: Question, chosen: variants.Variants, depth: int
) -> list[Chunk]:
    """Return what is to be judged; searched once while the question is shown."""
    documents = [(d.name, d.digest, d.indexed) for d in library.documents()]
    key = (question.text, repr(chosen), depth, hash(tuple(documents)))
    held = st.session_state.get(_POOL)
    if held is None or held[0] != key:
        with st.spinner("Searching with every pipeline…"):
            found = judging.pool(library, question.text, chosen, depth)
        held = st.session_state[_POOL] = (key, found)
    return list(held[1])


def _position(name: str, count: int) -> int:
    """Return which question of the set is at hand; another set begins with its first one."""
    held, at = st.session_state.get(_AT, (name, 0))
    at = min(at, count - 1) if held == name else 0
    st.session_state[_AT] = (name, at)
    return at


def _go(step: int) -> None:
    name, at = st.session_state[_AT]
    st.session_state[_AT] = (name, max(0, at + step))


def _grade(library: Library, question: str, chunk: Chunk, grade: int) -> None:
    note = str(st.session_state.get(grades.note_key(question, chunk)) or "")
    if grades.save(library, question, chunk, grade, note):
        st.session_state[_LAST] = (question, chunk)


def _skip(question: str, chunk: Chunk) -> None:
    st.session_state[_SKIPPED].add((question, chunk.id))


def _undo(library: Library) -> None:
    question, chunk = st.session_state.pop(_LAST)
    judging.withdraw(library, question, chunk, grades.judge())
