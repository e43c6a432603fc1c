"""The blind vote: two pipelines' rankings or answers side by side, whose is whose hidden.

Neither names nor notes, times, scores or an answer's own numbering are on the page before the vote,
and the sides change places by chance. Both are complete before either is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st

from ranklens import viewing, voting
from ranklens.comparing import describe_pipeline
from ranklens.jobs import Job
from ranklens.question_sets import question_after
from ranklens.voting import Ballot, Vote, VoteChoice, VoteKind
from ui.compare import invitation, question_box, votes
from ui.shared import collections, frame, grades, html, jobs, variants
from ui.shared.prose import written

if TYPE_CHECKING:
    from ranklens.library import Library

JOB, VOTED, NEXT = "ballot", "ballot_voted", "ballot_next"
LABELS: dict[VoteKind, str] = {"rankings": "Rankings", "answers": "Answers"}
DEPTHS = (3, 5, 10)
CHOICES: dict[VoteChoice, str] = {
    "left": "Left is better", "right": "Right is better", "tie": "Tie", "both bad": "Both bad",
}  # fmt: skip


def show(library: Library) -> None:
    """Ask what to vote on, show both sides, and take the vote."""
    question = question_box.box(library)
    left, right = st.columns((5, 2), vertical_alignment="bottom")
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
        if question and two:
            names = list(st.session_state["voted_pipelines"])
            invitation.offer(question, names, kind, depth or DEPTHS[1], one_pool)
    if not two:
        frame.notice("Choose exactly two pipelines; whose side is whose stays hidden.")
    if chosen and two and (asked or (question and st.session_state.pop(NEXT, False))):
        start(library, question, question_box.with_model(chosen), kind, depth or 5, one_pool)
        st.rerun()
    follow(library)


def start(
    library: Library, question: str, pipelines: Mapping[str, Mapping[str, Any]], kind: VoteKind,
    depth: int, one_pool: bool,
) -> None:  # fmt: skip
    """Have both pipelines asked, in the background."""
    st.session_state.pop(VOTED, None)
    collection = collections.current(library)
    st.session_state[JOB] = Job(
        lambda job: voting.ballot(
            library,
            question,
            pipelines,
            kind,
            depth,
            one_pool,
            job.advance,
            job.stop,
            collection=collection,
        ),
        question,
        unit="pipelines",
    ).start()


def forget() -> None:
    """Let go of the ballot that was shown."""
    for key in (VOTED, JOB):
        st.session_state.pop(key, None)


def next_question() -> str:
    """Return the question that was just gone on to, once; else nothing."""
    return question_box.chosen() if st.session_state.pop(NEXT, False) else ""


def follow(library: Library, organiser: bool = True) -> None:
    """Show the ballot as soon as both sides are there; a voter gets no tools for judgements."""
    done = jobs.followed(st.session_state.get(JOB), JOB, "Nothing to vote on")
    if done is not None:
        _ballot(library, done.result, organiser)


def _ballot(library: Library, ballot: Ballot, organiser: bool) -> None:
    frame.question(ballot.question)
    if ballot.problem or ballot.same:
        if ballot.problem:
            frame.notice(ballot.problem, "Nothing to vote on", "warn")
        else:
            frame.notice(f"Both give the same {ballot.kind}: nobody could tell them apart.")
        _next(library, ballot)
        return
    vote: Vote | None = st.session_state.get(VOTED)
    with st.container(key="ballot"):
        for place, column in zip(("Left", "Right"), st.columns(2, gap="large"), strict=True):
            with column:
                _side(library, ballot, place, vote)
    with st.container(key="vote_bar"):
        if vote is None:
            _buttons(library, ballot)
        else:
            _verdict(library, ballot, vote)
    if vote is not None and organiser:
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
        mark=viewing.marker(library, ballot.question),
    )


def _buttons(library: Library, ballot: Ballot) -> None:
    with st.container(horizontal=True, key="vote"):
        for number, (choice, label) in enumerate(CHOICES.items(), 1):
            st.button(label, key=f"vote_{choice.replace(' ', '_')}", shortcut=str(number),
                      on_click=_cast, args=(library, ballot, choice))  # fmt: skip
    frame.say("Keys 1 to 4 vote. The names are shown after the vote.")


def _verdict(library: Library, ballot: Ballot, vote: Vote) -> None:
    """Show what was preferred and how the pair stands; it stays in sight like the buttons."""
    tally, words = voting.tally_of(library, vote), CHOICES[vote.choice]
    if vote.winner:
        words = f"You preferred: {describe_pipeline(library.settings, vote.winner.name)}"
    names = [describe_pipeline(library.settings, one.name) for one in (tally.first, tally.second)]
    html.show("compare/counted.html", words=words, tally=tally, names=names)
    with st.container(horizontal=True):
        _next(library, ballot)
        st.button("Withdraw the vote", icon=":material/undo:", key="vote_back", type="tertiary",
                  on_click=_back, args=(library, vote))  # fmt: skip


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
    forget()
    st.session_state[NEXT] = True


def _back(library: Library, vote: Vote) -> None:
    library.votes.remove([vote.id])
    st.session_state.pop(VOTED, None)
