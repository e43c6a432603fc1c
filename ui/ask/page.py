"""The Ask page: a conversation on the left, every ranking behind the selected answer on the right.

Every question belongs to a conversation. What a run of the page finds to do (a question to search,
an answer that is being written) stands in the session or in the catalogue, so a run that is cut
short by a click loses nothing: the next one goes on from there. What is shown is named in the
page's address (`ui/ask/address.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from ranklens import conversing
from ranklens.asking import Asking, PendingQuestion
from ranklens.conversing import Turn
from ui.ask import address, chats, controls, evidence, question_box, turn_view, versions, within
from ui.ask.top_bar import INSPECT, TopBar
from ui.ask.turn_view import TurnSlots
from ui.shared import collections, drawer, frame, grades, passages, state

if TYPE_CHECKING:
    from ranklens.library import Library

NARROWEST = 420
SIDEBAR = 248
LOOK = 0.2  # seconds between two looks at a search


def page() -> None:
    """Show the page."""
    library = state.library()
    st.set_page_config(initial_sidebar_state=SIDEBAR)
    collections.in_sidebar(library)
    frame.style("ask/chat.css")
    address.follow()
    chat = within.conversation(library, st.session_state.get(address.CHAT))
    turns = conversing.turns(library, chat) if chat else []
    turns = conversing.with_version(library, turns, st.session_state.get(address.SELECTED))
    pending: PendingQuestion | None = st.session_state.get("pending") or _again(turns)
    if chat and not turns and not pending:
        address.open_chat(None)
    if turns or pending:
        _conversation(library, turns, pending)
    else:
        question_box.start(library)
        chats.sidebar(library)
        address.put_start(st.session_state.get(address.WITHIN) or ())
        passages.clicked("passages_to_come")


def _conversation(library: Library, turns: Sequence[Turn], pending: PendingQuestion | None) -> None:
    if turns and not pending:
        controls.follow(_selected(turns))
    bar = TopBar(library)
    pending = pending or _changed(bar.options, _selected(turns))
    grid = st.grid(2, min_column_width=NARROWEST, gap="large", key="conversation")
    left, right = grid.cell(), grid.cell()
    slots: dict[int, TurnSlots] = {}
    with left:
        before, after = _around(turns, pending)
        for turn in before:
            _turn(turn, library, slots, selected=not pending and turn == _selected(turns))
        if pending:
            made = _ask(library, bar.options, before, pending, slots)
            if made is None:
                _follow_up(library, len(before))
                chats.sidebar(library)
                return
            turns = [*before, made, *after]
        for turn in after:
            _turn(turn, library, slots, selected=False)
        _follow_up(library, len(turns))
    chats.sidebar(library)
    shown = _selected(turns)
    # A fragment would wait until this run ends, and that may be a long answer away.
    busy = any(conversing.writing(library, turn) for turn in turns)
    (_open_clicked if busy else st.fragment(_open_clicked))(library, turns, shown)
    grades.on_page(library, {turn.id: turn.trace for turn in turns}, shown.trace)
    with right, st.container(key="evidence"):
        times = evidence.show(library, shown.trace)
    turns = _followed(library, turns, slots)
    shown = _selected(turns)
    evidence.latency(times, shown.trace)
    bar.complete(shown)
    wanted = _wanted("prompt", turns)
    if wanted and (written := wanted.trace.answer):
        turn_view.show_prompt(str(written.prompt))
    if compared := _wanted("compared", turns):
        versions.compare(library, compared)


def _follow_up(library: Library, turns: int) -> None:
    with st.container(key="follow_up"):
        question_box.box(library, "Ask a follow-up", turns)


def _selected(turns: Sequence[Turn]) -> Turn:
    """Return the turn whose evidence is shown: the one that was chosen, else the last."""
    wanted = st.session_state.get(address.SELECTED)
    return next((turn for turn in turns if turn.id == wanted), turns[-1])


def _changed(options: dict[str, Any], selected: Turn) -> PendingQuestion | None:
    """Ask the selected question again if somebody has moved a control: another version."""
    before, st.session_state["options"] = st.session_state.get("options"), options
    if before is None or before == options:
        return None
    return _asked_anew(selected)


def _again(turns: Sequence[Turn]) -> PendingQuestion | None:
    """Ask a question again if its button was pressed."""
    if wanted := _wanted("quote", turns):
        return _asked_anew(wanted, quoted=True)
    wanted = _wanted("again", turns)
    return _asked_anew(wanted) if wanted else None


def _asked_anew(turn: Turn, quoted: bool = False) -> PendingQuestion:
    pending = PendingQuestion(turn.question, turn, quoted=quoted)
    st.session_state["pending"] = pending
    return pending


def _wanted(button: str, turns: Sequence[Turn]) -> Turn | None:
    """Return the turn whose button was pressed, once."""
    number = st.session_state.pop(button, None)
    return next((turn for turn in turns if turn.id == number), None)


def _around(
    turns: Sequence[Turn], pending: PendingQuestion | None
) -> tuple[Sequence[Turn], Sequence[Turn]]:
    """Return the turns before and after the question that waits, without what it replaces."""
    if pending is None or pending.replaces is None:
        return turns, ()
    place = pending.replaces.place
    after = [turn for turn in turns if turn.place > place and not pending.rest]
    return [turn for turn in turns if turn.place < place], after


def _ask(
    library: Library,
    options: dict[str, Any],
    before: Sequence[Turn],
    pending: PendingQuestion,
    slots: dict[int, TurnSlots],
) -> Turn | None:
    """Search what waits and let its answer be written; None if the search failed."""
    chosen = st.session_state
    with st.container(key="turn-new"):
        place = turn_view.head(pending.text, selected=True)
        passages.bring_into_view(f"asked_{len(before)}")
    chosen["options"] = options
    asked: Asking | None = chosen.get(address.SEARCHING)
    if asked is None or asked.pending is not pending:
        options = {**options, "collection": collections.current(library)}
        chat, model = chosen.get(address.CHAT), state.answer_model()
        asked = Asking(library, pending, before, chat, model=model, **options)
        chosen[address.SEARCHING] = asked
    turn_view.searching(place, asked.stage, address.give_up)
    while not asked.wait(LOOK):
        turn_view.search_stage(place, asked.stage)
    # Noted before anything is drawn: a click may end this run there, and nothing is searched twice.
    del chosen[address.SEARCHING]
    turn = asked.turn
    if turn is None:
        turn_view.failed(place, asked)
        return None
    chosen.pop("pending", None)
    chosen[address.SELECTED] = chosen[address.CONTROLS_OF] = turn.id
    chosen[address.CHAT] = turn.conversation
    if waiting := chosen.pop("next", None):
        chosen["pending"] = waiting
        st.rerun()
    slots[turn.id] = place
    turn_view.searched(place, turn.trace)
    return turn


def _turn(turn: Turn, library: Library, slots: dict[int, TurnSlots], selected: bool) -> None:
    with st.container(key=f"turn-{turn.id}"):
        if st.session_state.get("editing") == turn.id:
            turn_view.editor(turn, library.settings.max_question_characters)
            return
        slots[turn.id] = turn_view.head(turn.question, selected)
        turn_view.searched(slots[turn.id], turn.trace)
        writing = conversing.writing(library, turn)
        if writing is None:
            turn_view.complete(slots[turn.id], turn, library, selected)
        else:  # drawn before the rest of the page, so that nothing blinks
            turn_view.so_far(slots[turn.id], writing, turn.trace)


def _followed(library: Library, turns: Sequence[Turn], slots: dict[int, TurnSlots]) -> list[Turn]:
    """Show the answers that are being written; return the turns with them."""
    done = []
    for turn in turns:
        if turn.id in slots and (writing := conversing.writing(library, turn)) is not None:
            turn_view.follow(slots[turn.id], writing, turn.trace)
            conversing.forget(library, turn)
            turn = conversing.turn(library, turn.id) or turn
            selected = turn.id == _selected(turns).id
            turn_view.complete(slots[turn.id], turn, library, selected)
        done.append(turn)
    return done


def _open_clicked(library: Library, turns: Sequence[Turn], shown: Turn) -> None:
    """Open the passage whose chip was clicked, or that the address names."""
    if clicked := passages.clicked("passages"):
        passage, _, turn_id = clicked.partition("@")
        own = next((turn for turn in turns if str(turn.id) == turn_id), shown)
        st.session_state[address.PASSAGE] = passage
        st.session_state[address.SELECTED] = own.id
        conversing.opened(library, conversing.turn(library, own.id) or own, passage)
    shown = _selected(turns)
    address.put(shown.id)
    if opened := st.session_state.get(address.PASSAGE):
        turn = conversing.turn(library, shown.id) or shown
        follow = partial(_to_inspect, turn.id)
        drawer.open_passage(library, turn.trace, opened, follow, address.close_passage)


def _to_inspect(turn_id: int, chunk_id: str) -> None:
    st.page_link(
        INSPECT,
        label="Where it went, and why",
        icon=":material/troubleshoot:",
        query_params={"turn": str(turn_id), "passage": chunk_id},
    )


page()
