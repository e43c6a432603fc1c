"""What the votes say: counted by pair, taken along, deleted, and made into judgements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import streamlit as st

from rag.evaluate.judgements.votes import Tally, Vote, proposals, tallies, to_csv
from rag.types import Chunk
from ui.shared import grades
from ui.shared.frame import escape, plain
from ui.shared.naming import named, snippet
from ui.shared.passages import table

if TYPE_CHECKING:
    from ranklens.library import Library

NOTE = "suggested by a blind vote"


def show(library: Library) -> None:
    """Show all votes by pair, and what can be done with them."""
    held = library.votes.all()
    if not held:
        return
    counted = tallies(held)
    st.html('<h2 class="rl-label">Votes so far</h2>' + told([tally for tally, _ in counted]))
    with st.container(horizontal=True):
        st.download_button("CSV", lambda: to_csv(held), "votes.csv", "text/csv", key="votes_csv",
                           icon=":material/download:", on_click="ignore")  # fmt: skip
        with st.popover("Delete votes", icon=":material/delete:"):
            _deleter(library, counted)
        with st.popover("Make judgements", icon=":material/gavel:"):
            vote = st.selectbox("Vote", list(reversed(held)), format_func=_line, key="graded_vote")
            grader(library, vote, "any")


def told(counted: Sequence[Tally]) -> str:
    """Return the counts of each pair as a table, with the test's p."""
    head = "<th>Pipelines</th><th>On</th>" + "".join(
        f'<th class="right">{name}</th>'
        for name in ("First preferred", "Second preferred", "Tie", "Both bad")
    )
    head += '<th class="right" title="Exact two-sided binomial test, ties left out">p</th>'
    return table(head, [_row(tally) for tally in counted])


def counted(library: Library, vote: Vote) -> str:
    """Return the counts of the vote's own pair."""
    pair = next(t for t, votes in tallies(library.votes.all()) if vote.id in {v.id for v in votes})
    return f'<h3 class="rl-label">This pair so far</h3>{told([pair])}'


def grader(library: Library, vote: Vote, place: str) -> None:
    """Offer what a vote suggests as grades, each to be confirmed, changed or left out.

    ``place`` tells this form from another one of the same vote.
    """
    suggested = proposals(vote)
    chunks = library.index.catalogue.fetch(list(suggested))
    given = library.judgements.for_chunks(vote.question, list(chunks.values()))
    todo = {key: chunks[key] for key in suggested if key in chunks and not grades.own(given[key])}
    if not todo:
        st.html(
            '<p class="rl-say">This vote suggests no grade: it was a tie, both sides showed the '
            "same passages, or you have judged them already.</p>"
        )
        return
    st.html(
        '<p class="rl-say">A vote is about a whole list, so look at each passage. What only the '
        "preferred side showed is suggested as related, what only the other one showed as not "
        "relevant. Nothing is kept before you say so.</p>"
    )
    with st.form(f"grades_{place}_{vote.id}", border=False):
        for key, chunk in todo.items():
            _proposal(_key(place, vote, chunk), chunk, suggested[key])
        if st.form_submit_button("Keep these grades", icon=":material/check:"):
            kept = [_keep(library, vote, chunk, place) for chunk in todo.values()]
            st.toast(f"{sum(kept)} grades kept for {plain(grades.judge())}")
            st.rerun()
    grades.problem()


def _proposal(key: str, chunk: Chunk, suggested: int) -> None:
    st.html(f'<p class="rl-say"><b>{escape(named(chunk))}</b><br>{escape(snippet(chunk, 300))}</p>')
    st.selectbox(
        "Grade", [None, *grades.LABELS], index=1 + suggested, key=key,
        format_func=lambda grade: "Leave out" if grade is None else grades.LABELS[grade],
        label_visibility="collapsed",
    )  # fmt: skip


def _keep(library: Library, vote: Vote, chunk: Chunk, place: str) -> bool:
    grade = st.session_state.get(_key(place, vote, chunk))
    return grade is not None and grades.save(library, vote.question, chunk, grade, NOTE)


def _key(place: str, vote: Vote, chunk: Chunk) -> str:
    return f"{place}_grade_{vote.id}_{chunk.id}"


def _deleter(library: Library, counted: Sequence[tuple[Tally, list[Vote]]]) -> None:
    choices: dict[str, list[int]] = {}
    for number, (tally, votes) in enumerate(counted, 1):
        what = f"all {len(votes)} votes on the {tally.kind} of {_pair(tally)} (line {number})"
        choices[what] = [vote.id for vote in votes]
    for _, votes in counted:
        choices |= {f"{_line(vote)} (vote {vote.id})": [vote.id] for vote in reversed(votes)}
    chosen = st.selectbox("Which", list(choices), key="deleted_votes")
    st.button("Delete", key="delete_votes", on_click=library.votes.remove,  # type: ignore[arg-type]
              args=(choices.get(chosen, []),))  # fmt: skip


def _row(tally: Tally) -> str:
    digests = f"{tally.first.digest[:6]} · {tally.second.digest[:6]}"
    numbers = (tally.wins, tally.losses, tally.ties, tally.both_bad)
    cells = "".join(f'<td class="right rl-num">{number}</td>' for number in numbers)
    return (
        f'<tr><td title="Settings {escape(digests)}">{escape(_pair(tally))}</td>'
        f'<td>{tally.kind}</td>{cells}<td class="right rl-num">{tally.p:.3f}</td></tr>'
    )


def _pair(tally: Tally) -> str:
    return f"{tally.first.name} and {tally.second.name}"


def _line(vote: Vote) -> str:
    """Write a vote on one line, as text."""
    when = datetime.fromtimestamp(vote.time, UTC).isoformat(" ", "minutes")[:16]
    won = vote.winner.name if vote.winner else vote.choice
    return f"{vote.question[:60]} · {won} · {vote.voter}, {when}"
