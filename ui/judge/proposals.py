"""What waits for a person: grades that a model or a thumb up proposes, and answers that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ranklens import judging
from ranklens.judging import DISLIKED_SET, Judgement, Source
from ui.shared import frame, grades, html, question_sets

if TYPE_CHECKING:
    from ranklens.library import Library

AT_ONCE = 5
FROM: dict[str, Source] = {"From feedback": "feedback", "From a model": "llm"}


def show(library: Library) -> None:
    """Show the proposals that this session's judge has not graded, one click each."""
    grades.problem()
    left, right = st.columns((3, 1), vertical_alignment="bottom")
    with left:
        chosen = st.segmented_control("Proposals", list(FROM), default=next(iter(FROM)),
                                      key="proposals_from", required=True)  # fmt: skip
    with right:
        grades.name_box()
    source = FROM[chosen or next(iter(FROM))]
    count, waiting = library.judgements.unconfirmed(source, grades.judge(), AT_ONCE)
    if not waiting:
        frame.empty("Nothing to confirm", "Thumbs up on answers and a model's grades come here.")
    else:
        frame.say(
            f"{count:,} to confirm. One click makes the marked grade, or another one, yours; until "
            "then a proposal counts nowhere. Seeing it influences a judge: for figures that others "
            "rely on, grade blind."
        )
    for one in waiting:
        _proposal(library, one)
    _disliked(library)


def _proposal(library: Library, one: Judgement) -> None:
    html.show("judge/proposal.html", one=one)
    with st.container(horizontal=True, gap="small"):
        for grade, label in grades.LABELS.items():
            st.button(f"{grade} {label}", key=f"confirm_{one.id}_{grade}",
                      type="primary" if grade == one.grade else "secondary",
                      on_click=judging.confirm,
                      args=(library, one, grade, grades.judge()))  # fmt: skip


def _disliked(library: Library) -> None:
    questions = judging.disliked(library)
    if not questions:
        return
    frame.label(DISLIKED_SET)
    frame.say(
        "A thumb down means that something was wrong, not what. Grade the passages of these "
        "questions to find out."
    )
    for place, question in enumerate(questions[:AT_ONCE]):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button("Judge", key=f"judge_failed_{place}", icon=":material/gavel:",
                      on_click=_judge, args=(library, question))  # fmt: skip
            frame.say(question)
    if len(questions) > AT_ONCE:
        frame.say(f"and {len(questions) - AT_ONCE:,} more")


def _judge(library: Library, question: str) -> None:
    """Put the question into the set of such questions and begin to grade it."""
    at = judging.collect_disliked(library, question)
    question_sets.choose(DISLIKED_SET)
    st.session_state["judge_at"] = (DISLIKED_SET, at)
    st.session_state["judge_view"] = "Grade passages"
