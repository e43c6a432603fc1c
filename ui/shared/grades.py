"""Grading a passage wherever it is shown: buttons, the keys 0 to 3, and a badge once it is judged.

In the passage's drawer and on the Judge page the keys press the buttons. Elsewhere they grade the
passage that has the keyboard's focus (Tab walks through them).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from rag.journey import journey
from rag.text.typed import LONGEST_NOTE
from rag.types import Chunk, Trace
from ranklens import judging
from ranklens.judging import NOBODY
from ui.shared import frame, typed, visitor
from ui.shared.html import component, show
from ui.shared.typed import TypedKey

if TYPE_CHECKING:
    from ranklens.library import Library

LABELS = {0: "Not relevant", 1: "Related", 2: "Answers in part", 3: "Answers it"}
STYLE = "shared/judge.css"
_NAME, _PROBLEM, _KEPT = "judge", "grade_problem", "grades_kept"
_LISTENER = "grading"


def judge() -> str:
    """Return the name under which this session's grades are kept."""
    return name() or NOBODY


def name() -> str:
    """Return the name of the judge's account, or else the one given, "" without one."""
    if account := visitor.account():
        return account
    return " ".join(str(st.session_state.get(_NAME) or "").split())


def call_me(name: str) -> None:
    """Keep this session's grades under a name; before the box for it is shown."""
    st.session_state[_NAME] = name[: typed.LONGEST_JUDGE]


def name_box() -> None:
    """Ask for the judge's name; it is remembered for the session. An account has one."""
    if visitor.account():
        return
    st.text_input(
        "Judge",
        key=_NAME,
        persist_state="session",
        placeholder=NOBODY,
        max_chars=typed.LONGEST_JUDGE,
        help="Your name beside your grades, so that several judges can be distinguished",
    )


def control(library: Library, question: str, chunk: Chunk) -> None:
    """Show the grades of one passage for a question, to be pressed or typed; and a note."""
    frame.style(STYLE)
    given = library.judgements.for_chunks(question, [chunk])[chunk.id]
    mine = judging.by_judge(given, judge())
    with st.container(horizontal=True, gap="small", key="grades"):
        for grade, label in LABELS.items():
            st.button(
                label,
                key=f"grade_{grade}",
                shortcut=str(grade),
                type="primary" if mine and mine.grade == grade else "secondary",
                on_click=_press,
                args=(library, question, chunk, grade),
            )
    st.text_input(
        "Note",
        mine.note if mine else "",
        key=note_key(question, chunk),
        placeholder="Why this grade (optional)",
        max_chars=LONGEST_NOTE,
        label_visibility="collapsed",
        on_change=_noted,
        args=(library, question, chunk),
    )
    show("shared/given.html", given=given)
    problem()


def problem() -> None:
    """Show why the last grade could not be kept, once."""
    if reason := st.session_state.pop(_PROBLEM, "") or typed.problem():
        frame.notice(reason, "The grade was not kept", "bad")


def save(library: Library, question: str, chunk: Chunk, grade: int, note: str = "") -> bool:
    """Keep this session's grade; False, and a message on the page, if that failed."""
    try:
        library.judgements.grade(question, chunk, grade, judge(), note)
    except RanklensError as error:
        st.session_state[_PROBLEM] = str(error)
        return False
    return True


def note_key(question: str, chunk: Chunk) -> str:
    """Return the key of a passage's note."""
    return f"note_{hash(question)}_{chunk.id}"


@st.fragment
def on_page(
    library: Library, traces: Mapping[int, Trace], shown: Trace, others: Sequence[Trace] = ()
) -> None:
    """Grade the focused passage by key, and put a badge on the passages that have a grade.

    ``traces`` are those of the page by turn; ``shown`` is the one whose evidence is shown, with
    ``others`` of the same question beside it.
    """
    listener = component(
        "ranklens_grades", "shared/queue.js", "shared/listen.js", "shared/grades.js"
    )
    data = {"seen": typed.seen(), "judge": judge(), "question": shown.question}
    listener(key=_LISTENER, height=1, data=data,
             on_typed_change=partial(_typed, library, traces, [shown, *others]))  # fmt: skip
    if kept := st.session_state.pop(_KEPT, ""):
        st.toast(kept, icon=":material/check:")
    problem()
    badges(library, shown.question, (shown, *others))


def _typed(library: Library, traces: Mapping[int, Trace], shown: Sequence[Trace]) -> None:
    """Keep the grades that were typed on passages of the page."""
    keys = typed.come(_LISTENER)
    asked = {str(turn): trace for turn, trace in traces.items()}
    # A passage within a turn belongs to that turn's question, and not to the one that is shown.
    keys = [
        replace(key, question=asked[key.turn].question) if key.turn in asked else key
        for key in keys
    ]
    held = judging.passages(library, {key.passage for key in keys})

    def passage(key: TypedKey) -> Chunk | None:
        places = [asked[key.turn]] if key.turn in asked else shown
        found = next(filter(None, (journey(trace, key.passage) for trace in places)), None)
        return found.chunk if found else held.get(key.passage)

    if count := typed.keep(library, keys, passage):
        what = f"Grade {keys[-1].grade}" if count == 1 else f"{count} grades"
        st.session_state[_KEPT] = f"{what} kept for {judge()}"


def badges(library: Library, question: str, traces: Sequence[Trace]) -> None:
    """Put a style sheet on the page that writes each judged passage's grade beside its name."""
    stages = (stage for trace in traces for stage in trace.stages)
    chunks = {hit.chunk.id: hit.chunk for stage in stages for hit in stage.hits}
    given = library.judgements.for_chunks(question, list(chunks.values()))
    counting = {key: judging.counting(ones, judge()) for key, ones in given.items()}
    show("shared/badges.html", grades={key: one.grade for key, one in counting.items() if one})


def _press(library: Library, question: str, chunk: Chunk, grade: int) -> None:
    note = str(st.session_state.get(note_key(question, chunk)) or "")
    save(library, question, chunk, grade, note)


def _noted(library: Library, question: str, chunk: Chunk) -> None:
    """Keep a changed note if the passage has a grade already; else it waits for one."""
    given = library.judgements.for_chunks(question, [chunk])[chunk.id]
    if mine := judging.by_judge(given, judge()):
        _press(library, question, chunk, mine.grade)
