"""All votes: counted by pair, exported, deleted, and made into judgements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from rag.text.quoting import as_it_reads
from rag.types import Chunk
from ranklens.comparing import describe_pipeline
from ranklens.voting import (
    Tally,
    Vote,
    counted,
    describe_pair,
    export_votes,
    suggested_grades,
    tally_of,
)
from ui.shared import collections, frame, grades, html
from ui.shared.frame import plain

if TYPE_CHECKING:
    from ranklens.library import Library

NOTE = "suggested by a blind vote"


def show(library: Library) -> None:
    """Show all votes by pair, and what can be done with them."""
    held = counted(library)
    if not held:
        return
    _tallies(library, "Votes so far", [tally for tally, _ in held])
    with st.container(horizontal=True):
        st.download_button("CSV", partial(export_votes, library), "votes.csv", "text/csv",
                           key="votes_csv", icon=":material/download:",
                           on_click="ignore")  # fmt: skip
        with st.popover("Delete votes", icon=":material/delete:"):
            _deleter(library, held)
        with st.popover("Make judgements", icon=":material/gavel:"):
            votes = sorted(library.votes.all(), key=lambda vote: -vote.time)
            vote = st.selectbox("Vote", votes, format_func=partial(_line, library),
                                key="graded_vote")  # fmt: skip
            grader(library, vote, "any")
        _sharing(library)


def _sharing(library: Library) -> None:
    """Offer to share a round: the votes on one pair, on passages of the chosen collection."""
    collection = collections.current(library)
    if not library.given.has_accounts or library.collections.is_all(collection):
        return
    rounds = {tally.round: tally for tally, _ in counted(library, collection)}
    if not rounds:
        return
    from ranklens import sharing  # with accounts only
    from ui.shared import share

    with st.popover("Share", icon=":material/share:", key="share_votes"):
        chosen = st.selectbox(
            "Round", list(rounds), key="shared_round",
            format_func=lambda one: as_it_reads(
                f"{rounds[one].kind}: {describe_pair(library, rounds[one])}"
            ),
        )  # fmt: skip
        share.controls(
            library,
            "votes",
            lambda days: sharing.share(library, "votes", chosen, days, collection),
        )


def show_pair(library: Library, vote: Vote) -> None:
    """Show the counts of the vote's own pair."""
    _tallies(library, "This pair so far", [tally_of(library, vote)])


def _tallies(library: Library, title: str, tallies: Sequence[Tally]) -> None:
    """Show counts of pairs, each pipeline called what the page calls it elsewhere."""
    called = partial(describe_pipeline, library.settings)
    html.show("compare/tallies.html", title=title, tallies=tallies, called=called)


def grader(library: Library, vote: Vote, place: str) -> None:
    """Offer what a vote suggests as grades, each to be confirmed, changed or left out.

    ``place`` tells this form from another one of the same vote.
    """
    suggested = suggested_grades(library, vote, grades.judge())
    if not suggested:
        frame.say(
            "This vote suggests no grade: it was a tie, both sides showed the same passages, or "
            "you have judged them already."
        )
        return
    frame.say(
        "A vote is about a whole list, so look at each passage. What only the preferred side "
        "showed is suggested as related, what only the other one showed as not relevant. Nothing "
        "is kept before you confirm it."
    )
    with st.form(f"grades_{place}_{vote.id}", border=False):
        for chunk, grade in suggested:
            _suggestion(_key(place, vote, chunk), chunk, grade)
        if st.form_submit_button("Keep these grades", icon=":material/check:"):
            kept = [_keep(library, vote, chunk, place) for chunk, _ in suggested]
            st.toast(f"{sum(kept)} grades kept for {plain(grades.judge())}")
            st.rerun()
    grades.problem()


def _suggestion(key: str, chunk: Chunk, grade: int) -> None:
    html.show("compare/suggestion.html", chunk=chunk)
    st.selectbox(
        "Grade", [None, *grades.LABELS], index=1 + grade, key=key,
        format_func=lambda grade: "Leave out" if grade is None else grades.LABELS[grade],
        label_visibility="collapsed",
    )  # fmt: skip


def _keep(library: Library, vote: Vote, chunk: Chunk, place: str) -> bool:
    grade = st.session_state.get(_key(place, vote, chunk))
    return grade is not None and grades.save(library, vote.question, chunk, grade, NOTE)


def _key(place: str, vote: Vote, chunk: Chunk) -> str:
    return f"{place}_grade_{vote.id}_{chunk.id}"


def _deleter(library: Library, held: Sequence[tuple[Tally, list[Vote]]]) -> None:
    choices: dict[str, list[int]] = {}
    for number, (tally, votes) in enumerate(held, 1):
        pair = describe_pair(library, tally)
        what = f"all {len(votes)} votes on the {tally.kind} of {pair} (line {number})"
        choices[what] = [vote.id for vote in votes]
    for _, votes in held:
        for vote in reversed(votes):
            choices[f"{_line(library, vote)} (vote {vote.id})"] = [vote.id]
    chosen = st.selectbox("Which", list(choices), key="deleted_votes")
    st.button("Delete", key="delete_votes", on_click=library.votes.remove,  # type: ignore[arg-type]
              args=(choices.get(chosen, []),))  # fmt: skip


def _line(library: Library, vote: Vote) -> str:
    """Return a vote on one line, as text."""
    when = datetime.fromtimestamp(vote.time, UTC).isoformat(" ", "minutes")[:16]
    winner = vote.winner
    won = describe_pipeline(library.settings, winner.name) if winner else vote.choice
    return f"{vote.question[:60]} · {won} · {vote.voter}, {when}"
