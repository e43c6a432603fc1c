"""The blind vote: two pipelines' rankings or answers side by side, whose is whose hidden.

Neither names nor notes, times, scores or an answer's own numbering are on the page before the vote,
and the sides change places by chance. Both are complete before either is shown.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from rag.evaluate.experiments.side_by_side import Side, compared
from rag.evaluate.judgements.votes import Choice, Kind, Pipe, Vote, shown, swapped
from rag.types import Answer, Chunk
from ranklens.jobs import Job
from ui.compare import blind, question_box, votes
from ui.shared import frame, grades, jobs, variants
from ui.shared.frame import escape

if TYPE_CHECKING:
    from ranklens.library import Library

JOB, VOTED = "ballot", "ballot_voted"
LABELS: dict[Kind, str] = {"rankings": "Rankings", "answers": "Answers"}
DEPTHS = (3, 5, 10)


@dataclass(frozen=True, slots=True)
class Ballot:
    """What is voted on. ``depth`` passages of each ranking are shown."""

    question: str
    kind: Kind
    left: Side
    right: Side
    depth: int

    def chunks(self, side: Side) -> list[Chunk]:
        """Return the passages that a side shows: its first ones, or those that it cites."""
        if side.trace is None:
            return []
        if self.kind == "rankings":
            return [hit.chunk for hit in side.last[: self.depth]]
        return blind.cited(side.trace)

    def same(self) -> bool:
        """Whether nobody could tell the sides apart."""
        if self.kind == "answers":
            return _text(self.left) == _text(self.right)
        return shown(self.left.last, self.depth) == shown(self.right.last, self.depth)

    def problem(self) -> str:
        """Say why this is nothing to vote on, if it is not."""
        for side in (self.left, self.right):
            answer = side.trace.answer if side.trace else None
            if side.trace is None or (answer and answer.error):
                return f"{side.name} failed: {side.problem or (answer.error if answer else '')}"
            if side.fell_back:
                stage = side.fell_back[0]
                return f"{side.name}: {stage.name} fell back, so it is not its own ({stage.note})"
        return ""


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
        frozen = variants.one_pool("voted_frozen")
        two = chosen is not None and len(chosen) == 2
        asked = st.button("Show both", type="primary", icon=":material/visibility_off:",
                          disabled=not question or not two, key="show_both")  # fmt: skip
    if not two:
        frame.notice("Choose exactly two pipelines; whose side is whose stays hidden.")
    job = st.session_state.get(JOB)
    if chosen and two and (asked or (question and st.session_state.pop("ballot_next", False))):
        st.session_state.pop(VOTED, None)
        job = st.session_state[JOB] = started(
            library, question, chosen, kind, int(depth or 5), frozen
        )
        st.rerun()
    done = jobs.followed(job, JOB, "Nothing to vote on")
    if done is not None:
        _ballot(library, done.result)


def started(
    library: Library,
    question: str,
    chosen: variants.Variants,
    kind: Kind,
    depth: int,
    frozen: bool,
    seed: str = "",
) -> Job:
    """Ask both pipelines in the background; ``seed`` says who stands left (by chance without)."""
    pipeline = question_box.pipeline(library)

    def work(job: Job) -> Ballot:
        first, second = compared(
            pipeline, chosen, question, frozen, answers=kind == "answers",
            on_progress=job.advance, stop=job.stop,
        )  # fmt: skip
        sides = (second, first) if swapped(seed or secrets.token_hex()) else (first, second)
        return Ballot(question, kind, *sides, depth)

    return Job(work, question, unit="pipelines").start()


def _ballot(library: Library, ballot: Ballot) -> None:
    st.html(f'<h2 class="rl-question">{escape(ballot.question)}</h2>')
    if problem := ballot.problem():
        frame.notice(problem, "Nothing to vote on", "warn")
        _next(library, ballot)
        return
    if ballot.same():
        frame.notice(f"Both give the same {ballot.kind}: nobody could tell them apart.")
        _next(library, ballot)
        return
    vote: Vote | None = st.session_state.get(VOTED)
    sides = st.columns(2, gap="large")
    for place, (column, side) in enumerate(zip(sides, (ballot.left, ballot.right), strict=True)):
        with column:
            st.html(_side(ballot, side, place, vote))
    if vote is None:
        _buttons(library, ballot)
        return
    st.html(f'<div role="status">{votes.counted(library, vote)}</div>')
    with st.container(horizontal=True):
        _next(library, ballot)
        st.button("Take the vote back", icon=":material/undo:", key="vote_back", type="tertiary",
                  on_click=_back, args=(library, vote))  # fmt: skip
    with st.expander("Make judgements of this vote", icon=":material/gavel:"):
        votes.grader(library, vote, "last")


def _side(ballot: Ballot, side: Side, place: int, vote: Vote | None) -> str:
    """Return a side as HTML; its pipeline's name is there once the vote is."""
    name = ("Left", "Right")[place]
    won = bool(vote and vote.choice == name.lower())
    place_said = f"{name.lower()}, preferred" if won else name.lower()
    told = f" <span class='rl-muted'>· {place_said}</span>" if vote else ""
    head = f"<h3>{escape(side.name) if vote else name}{told}</h3>"
    chunks = ballot.chunks(side)
    answer = side.trace.answer if side.trace and ballot.kind == "answers" else None
    body = blind.passages(chunks)
    if side.trace and answer:
        body = blind.answer(side.trace, answer) + body
    return f'<div class="rl-blind {"won" if won else ""}">{head}{body}</div>'


def _buttons(library: Library, ballot: Ballot) -> None:
    choices: dict[Choice, str] = {"left": "Left is better", "right": "Right is better",
                                  "tie": "Tie", "both bad": "Both bad"}  # fmt: skip
    with st.container(horizontal=True, key="vote"):
        for number, (choice, label) in enumerate(choices.items(), 1):
            st.button(label, key=f"vote_{choice.replace(' ', '_')}", shortcut=str(number),
                      on_click=_cast, args=(library, ballot, choice))  # fmt: skip
    st.html('<p class="rl-say">Keys 1 to 4 vote. The names are shown after the vote.</p>')


def _cast(library: Library, ballot: Ballot, choice: Choice) -> None:
    left, right = (_pipe(ballot, side) for side in (ballot.left, ballot.right))
    vote = Vote(ballot.question, ballot.kind, left, right, choice, grades.judge())
    st.session_state[VOTED] = library.votes.add(vote)


def _pipe(ballot: Ballot, side: Side) -> Pipe:
    digest = side.trace.settings_digest if side.trace else ""
    return Pipe(side.name, digest, tuple(chunk.id for chunk in ballot.chunks(side)))


def _next(library: Library, ballot: Ballot) -> None:
    """Offer the question after this one, where there is one."""
    following = question_box.following(library, ballot.question)
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


def _text(side: Side) -> Sequence[str]:
    answer: Answer | None = side.trace.answer if side.trace else None
    if side.trace is None or answer is None:
        return ()
    cited = (chunk.id for chunk in blind.cited(side.trace))
    return (blind.renumbered(side.trace, answer), *cited)
