"""What the browser's queue of typed grades holds (``shared/queue.js``), read and confirmed.

It comes from a visitor's browser: what is not of the right form is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from rag.text.typed import LONGEST_NOTE, LONGEST_QUESTION
from rag.types import Chunk
from ranklens.judging import NOBODY, TypedGrade, keep_typed

if TYPE_CHECKING:
    from ranklens.library import Library

MOST = 200  # in one message
LONGEST_JUDGE = 60
_SEEN, _PROBLEM = "typed_seen", "typed_problem"


@dataclass(frozen=True, slots=True)
class TypedKey:
    """One key: a grade of a passage (None takes it back), or the question to go to (from 1)."""

    number: int
    question: str = ""
    passage: str = ""
    turn: str = ""
    grade: int | None = None
    note: str = ""
    judge: str = NOBODY
    go: int = 0


def seen() -> int:
    """Return the number of the last key of this session that was kept: the browser's answer."""
    return int(st.session_state.get(_SEEN, 0))


def come(key: str) -> list[TypedKey]:
    """Return what a component's queue has sent and is new; for its callback."""
    given = st.session_state[key]["typed"]
    return [one for one in read(given) if one.number > seen()]


def keep(
    library: Library, typed: Sequence[TypedKey], of: Callable[[TypedKey], Chunk | None]
) -> int:
    """Keep the grades among typed keys, and confirm all of them; returns how many were kept.

    ``of`` finds the passage of a key.
    """
    grades, gone = [], 0
    for one in typed:
        if one.passage:
            chunk = of(one)
            gone += chunk is None
            if chunk is not None:
                grades.append(TypedGrade(one.question, chunk, one.grade, one.judge, one.note))
    problems = keep_typed(library, grades)
    if gone:
        problems.append("a passage is not in the library any more; reload the page")
    if problems:
        st.session_state[_PROBLEM] = "; ".join(problems)
    if typed:
        st.session_state[_SEEN] = typed[-1].number
    return len(grades) if not problems else 0


def problem() -> str:
    """Return why something that was typed could not be kept, once."""
    return str(st.session_state.pop(_PROBLEM, ""))


def read(given: Any) -> list[TypedKey]:
    """Return the keys of a message, in the order in which they were typed."""
    found = (_key(one) for one in given[:MOST]) if isinstance(given, list) else ()
    return sorted((one for one in found if one), key=lambda one: one.number)


def _key(one: Any) -> TypedKey | None:
    if not isinstance(one, dict):
        return None
    number, grade, go = (_whole(one.get(name)) for name in ("n", "grade", "go"))
    return TypedKey(
        number or 0,
        question=_text(one, "question", LONGEST_QUESTION),
        passage=_text(one, "passage", 100),
        turn=_text(one, "turn", 20),
        grade=grade,
        note=_text(one, "note", LONGEST_NOTE),
        judge=" ".join(_text(one, "judge", LONGEST_JUDGE).split()) or NOBODY,
        go=go or 0,
    )


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(one: dict[str, Any], name: str, most: int) -> str:
    value = one.get(name)
    return value[:most] if isinstance(value, str) else ""
