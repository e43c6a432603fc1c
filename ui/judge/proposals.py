"""What waits for a person: grades that a model or a thumb up proposes, and answers that failed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from rag.evaluate.data import Question
from rag.evaluate.judgements.question_sets import with_added
from rag.evaluate.judgements.record import Judgement, Source, same_words
from ui.shared import frame, grades
from ui.shared.frame import escape

if TYPE_CHECKING:
    from ranklens.library import Library

AT_ONCE = 5
FROM: dict[str, Source] = {"From feedback": "feedback", "From a model": "llm"}
FAILED_SET = "Answers that did not help"


def show(library: Library) -> None:
    """Show the proposals that this session's judge has not graded, one click each."""
    grades.problem()
    left, right = st.columns((3, 1), vertical_alignment="bottom")
    with left:
        chosen = st.segmented_control("Proposals", list(FROM), default=next(iter(FROM)),
                                      key="proposals_from", required=True)  # fmt: skip
    with right:
        grades.name_box()
    store = library.judgements
    store.refresh()
    source = FROM[chosen or next(iter(FROM))]
    count, waiting = store.unconfirmed(source, grades.judge(), AT_ONCE)
    if not waiting:
        frame.empty("Nothing to confirm", "Thumbs up on answers and a model's grades come here.")
    else:
        st.html(
            f'<p class="rl-say">{count:,} to confirm. One click makes the marked grade, or '
            "another one, yours; until then a proposal counts nowhere. Seeing it sways a judge: "
            "for figures that others rely on, grade blind.</p>"
        )
    for one in waiting:
        _row(library, one)
    _failed(library)


def unhelpful(library: Library) -> list[str]:
    """Return the questions whose answer got a thumb down and that no person has judged."""
    words = dict.fromkeys(map(same_words, library.conversations.disliked()))
    judged = library.judgements.asked() if words else set()
    return [question for question in words if question not in judged]


def _row(library: Library, one: Judgement) -> None:
    reason = f" – {escape(one.note)}" if one.note else ""
    st.html(
        f'<div class="rl-card" data-proposal="{one.id}"><p class="from"><b>{escape(one.question)}'
        f'</b></p><div class="text" tabindex="0">{escape(one.quote)}</div>'
        f'<p class="from">{escape(one.document)} · {escape(one.judge)}: <b>{one.grade}</b>'
        f"{reason}</p></div>"
    )
    with st.container(horizontal=True, gap="small"):
        for grade, label in grades.LABELS.items():
            st.button(f"{grade} {label}", key=f"confirm_{one.id}_{grade}",
                      type="primary" if grade == one.grade else "secondary",
                      on_click=_confirm, args=(library, one, grade))  # fmt: skip


def _confirm(library: Library, one: Judgement, grade: int) -> None:
    own = replace(one, grade=grade, judge=grades.judge(), source="person", note="", time=0.0, id=0)
    library.judgements.add([own])


def _failed(library: Library) -> None:
    questions = unhelpful(library)
    if not questions:
        return
    st.html(
        '<h2 class="rl-label">Answers that did not help</h2><p class="rl-say">A thumb down says '
        "that something was wrong, not what. Grade the passages of these questions to find out."
        "</p>"
    )
    for place, question in enumerate(questions[:AT_ONCE]):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button("Judge", key=f"judge_failed_{place}", icon=":material/gavel:",
                      on_click=_judge, args=(library, question))  # fmt: skip
            st.html(f'<p class="rl-say">{escape(question)}</p>')
    if len(questions) > AT_ONCE:
        st.html(f'<p class="rl-say">and {len(questions) - AT_ONCE:,} more</p>')


def _judge(library: Library, question: str) -> None:
    """Put the question into the set of such questions and begin to grade it."""
    sets = library.question_sets
    held = sets.questions(FAILED_SET) if FAILED_SET in sets.names() else ()
    every = with_added(held, [Question("", question)])
    sets.put(FAILED_SET, every)
    at = [same_words(one.text) for one in every].index(question)
    st.session_state["next_set"] = FAILED_SET
    st.session_state["judge_at"] = (FAILED_SET, at)
    st.session_state["judge_view"] = "Grade passages"
