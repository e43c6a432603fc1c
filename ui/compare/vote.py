"""The blind vote: two pipelines' rankings or answers side by side, whose is whose hidden.

Neither names nor notes, times, scores or an answer's own numbering are on the page before the vote,
and the sides change places by chance. Both are complete before either is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ranklens import voting
from ranklens.comparing import describe_pipeline
from ranklens.jobs import Job
from ranklens.question_sets import question_after
from ranklens.voting import Ballot, Vote, VoteChoice, VoteKind
from ui.compare import question_box, votes
from ui.shared import frame, grades, html, jobs, variants
from ui.shared.prose import written

if TYPE_CHECKING:
    from ranklens.library import Library

JOB, VOTED = "ballot", "ballot_voted"
LABELS: dict[VoteKind, str] = {"rankings": "Rankings", "answers": "Answers"}
DEPTHS = (3, 5, 10)


def show(library: Library) -> None:
    """Ask what to vote on, show both sides, and take the vote."""
    question = question_box.box(library)
    left, right = st.columns((3, 2), vertical_alignment="bottom", gap="large")
    with left:
        chosen = variants.chooser(library.settings, "voted_pipelines", ("none", "current"))
    with right:
        grades.name_box()
    with st.container(horizontal=True, vertical_alignment="center"):
        kind = st.segmented_control(
            "What", list(LABELS), default="rankings", required=True, key="ballot_kind",
            format_func=lambda one: LABELS[one], label_visibility="collapsed",
            persist_state="session",
        )  # fmt: skip
        depth = st.segmented_control(
            "Passages", DEPTHS, default=DEPTHS[1], required=True, key="ballot_depth",
            format_func=lambda one: f"first {one}", label_visibility="collapsed",
            persist_state="session", disabled=kind == "answers",
        )  # fmt: skip
        one_pool = variants.one_pool("voted_frozen")
        two = chosen is not None and len(chosen) == 2
        asked = st.button("Show both", type="primary", icon=":material/visibility_off:",
                          disabled=not question or not two, key="show_both")  # fmt: skip
    if not two:
        frame.notice("Choose exactly two pipelines; whose side is whose stays hidden.")
    job = st.session_state.get(JOB)
    if chosen and two and (asked or (question and st.session_state.pop("ballot_next", False))):
        st.session_state.pop(VOTED, None)
        pipelines = question_box.with_model(chosen)
        job = st.session_state[JOB] = Job(
            lambda job: voting.ballot(
                library, question, pipelines, kind, depth or 5, one_pool, job.advance, job.stop
            ),
            question,
            unit="pipelines",
        ).start()
        st.rerun()
    done = jobs.followed(job, JOB, "Nothing to vote on")
    if done is not None:
        _ballot(library, done.result)


def _ballot(library: Library, ballot: Ballot) -> None:
    frame.question(ballot.question)
    if ballot.problem:
        frame.notice(ballot.problem, "Nothing to vote on", "warn")
        _next(library, ballot)
        return
    if ballot.same:
        frame.notice(f"Both give the same {ballot.kind}: nobody could tell them apart.")
        _next(library, ballot)
        return
    vote: Vote | None = st.session_state.get(VOTED)
    for place, column in zip(("Left", "Right"), st.columns(2, gap="large"), strict=True):
        with column:
            _side(library, ballot, place, vote)
    if vote is None:
        _buttons(library, ballot)
        return
    votes.show_pair(library, vote)
    with st.container(horizontal=True):
        _next(library, ballot)
        st.button("Withdraw the vote", icon=":material/undo:", key="vote_back", type="tertiary",
                  on_click=_back, args=(library, vote))  # fmt: skip
    with st.expander("Make judgements of this vote", icon=":material/gavel:"):
        votes.grader(library, vote, "last")


def _side(library: Library, ballot: Ballot, place: str, vote: Vote | None) -> None:
    """Show a side; its pipeline's name is there once the vote is."""
    side = ballot.left if place == "Left" else ballot.right
    html.show(
        "compare/ballot_side.html",
        place=place,
        name=describe_pipeline(library.settings, side.name),
        voted=vote is not None,
        won=vote is not None and vote.choice == place.lower(),
        answer=written(ballot.answer(side)),
        chunks=ballot.passages(side),
    )


def _buttons(library: Library, ballot: Ballot) -> None:
    choices: dict[VoteChoice, str] = {"left": "Left is better", "right": "Right is better",
                                  "tie": "Tie", "both bad": "Both bad"}  # fmt: skip
    with st.container(horizontal=True, key="vote"):
        for number, (choice, label) in enumerate(choices.items(), 1):
            st.button(label, key=f"vote_{choice.replace(' ', '_')}", shortcut=str(number),
                      on_click=_cast, args=(library, ballot, choice))  # fmt: skip
    frame.say("Keys 1 to 4 vote. The names are shown after the vote.")


def _cast(library: Library, ballot: Ballot, choice: VoteChoice) -> None:
    st.session_state[VOTED] = voting.vote(library, ballot, choice, grades.judge())


def _next(library: Library, ballot: Ballot) -> None:
    """Offer the question after this one, if there is one."""
    following = question_after(library, ballot.question)
    if following is not None:
        st.button("Next question", type="primary", shortcut="N", key="vote_next", on_click=_go,
                  args=(following,))  # fmt: skip


def _go(question: str) -> None:
    question_box.choose(question)
    for key in (VOTED, JOB):
        st.session_state.pop(key, None)
    st.session_state["ballot_next"] = True


def _back(library: Library, vote: Vote) -> None:
    library.votes.remove([vote.id])
    st.session_state.pop(VOTED, None)
