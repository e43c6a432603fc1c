"""Judging a question set: one passage at a time, from several pipelines, in random order.

The browser shows the passages and takes the keys (``deck.js``); what it needs and what it sent
passes through here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from rag.errors import RanklensError
from rag.text.quoting import as_it_reads
from rag.types import Chunk
from ranklens import judging, viewing
from ranklens.judging import Guidelines, Question
from ui.shared import address, frame, grades, state, typed, variants
from ui.shared.html import component
from ui.shared.naming import where

if TYPE_CHECKING:
    from ranklens.library import Library

DEPTHS = (5, 10, 20)
PAGE, AT = "judge", "judge_at"
_POOLS, _DECK = "judge_pools", "deck"
_HELD = 6  # pools that are kept: each costs a search with every pipeline

# What a grade means if the question set does not say it.
MEANINGS = (
    "The passage says nothing that helps to answer the question.",
    "It is about the same subject, but holds no part of the answer.",
    "It holds a part of the answer, or the answer only in hints.",
    "The answer stands in the passage.",
)


def show(library: Library, name: str, questions: Sequence[Question]) -> None:
    """Show the question that is at hand with the next passage to grade."""
    left, right, who = st.columns((5, 1, 2), vertical_alignment="bottom")
    with left:
        chosen = variants.chooser(library.settings, "judge_pipelines", ("current", "none"))
    depth = right.selectbox("Depth", DEPTHS, 1, key="judge_depth", persist_state="session",
                            help="First passages of every stage that are judged")  # fmt: skip
    with who:
        grades.name_box()
    if chosen is None:
        frame.notice("Choose at least one pipeline: its first passages are what is judged.")
        return
    _deck(library, name, questions, chosen, depth)


@st.fragment
def _deck(
    library: Library, name: str, questions: Sequence[Question],
    chosen: variants.Variants, depth: int,
) -> None:  # fmt: skip
    at = _position(library, name, questions)
    scripts = ("shared/queue.js", "shared/listen.js", "judge/deck.js")
    deck = component("ranklens_deck", *scripts, html="judge/deck.html")
    pools, problem = [], None
    try:
        pools = list(_pools(library, name, questions, at, chosen, depth))
    except RanklensError as error:
        problem = error
    data = deck_data(library, name, questions, at, pools)
    deck(key=_DECK, data={**data, "problem": problem is not None},
         on_typed_change=partial(_typed, library, name, len(questions)))  # fmt: skip
    if problem is not None:
        state.problem(problem)
    grades.problem()
    address.write(PAGE, set=name, question=at + 1, judge=grades.name())


def deck_data(
    library: Library, name: str, questions: Sequence[Question], at: int,
    pools: Sequence[tuple[int, Sequence[tuple[Chunk, dict[str, Any]]]]],
) -> dict[str, Any]:  # fmt: skip
    """Return what the browser needs: the questions with what this judge has not graded of each."""
    judge = grades.judge()
    guidelines = library.question_sets.guidelines(name)
    following = judging.next_unjudged(library, questions, at, judge)
    return {
        "seen": typed.seen(),
        "set": name,
        "judge": judge,
        "count": len(questions),
        "mine": judging.judged_by(library, questions, judge),
        "next": 0 if following is None else following + 1,
        "labels": labels(guidelines),
        "guidelines": guidelines.text,
        "questions": [
            {
                "number": place + 1,
                "text": questions[place].text,
                "shown": as_it_reads(questions[place].text),
                "total": len(pool),
                "cards": _cards(library, questions[place], pool, judge),
            }
            for place, pool in pools
        ],
    }


def labels(guidelines: Guidelines) -> list[list[str]]:
    """Return each grade, its name, and what it means in a question set."""
    given = zip(guidelines.meanings, MEANINGS, strict=True)
    meanings = [own or usual for own, usual in given]
    return [[str(grade), label, meanings[grade]] for grade, label in grades.LABELS.items()]


def _cards(
    library: Library, question: Question, pool: Sequence[tuple[Chunk, dict[str, Any]]], judge: str
) -> list[dict[str, Any]]:
    ungraded = judging.ungraded(library, question.text, [chunk for chunk, _ in pool], judge)
    left = {chunk.id for chunk in ungraded}
    return [card for chunk, card in pool if chunk.id in left]


def _pools(
    library: Library, name: str, questions: Sequence[Question], at: int,
    chosen: variants.Variants, depth: int,
) -> list[tuple[int, list[tuple[Chunk, dict[str, Any]]]]]:  # fmt: skip
    """Return the pool of the question at hand, and of the next one that is not judged.

    The second one is searched only in a later run than the first, so that nobody waits for it.
    """
    documents = hash(tuple((d.name, d.digest, d.indexed) for d in library.documents()))
    held: dict[Any, Any] = st.session_state.setdefault(_POOLS, {})
    collection = library.question_sets.collection_of(name)

    def pool_of(place: int) -> tuple[bool, list[tuple[Chunk, dict[str, Any]]]]:
        question = questions[place].text
        key = (question, repr(chosen), depth, collection, documents)
        known = key in held
        found = held.pop(key) if known else _search(library, question, chosen, depth, collection)
        held[key] = found  # the newest stands last
        while len(held) > _HELD:
            held.pop(next(iter(held)))
        return known, found

    known, first = pool_of(at)
    following = judging.next_unjudged(library, questions, at, grades.judge()) if known else None
    return [(at, first), *([] if following is None else [(following, pool_of(following)[1])])]


def _search(
    library: Library, question: str, chosen: variants.Variants, depth: int, collection: str
) -> list[tuple[Chunk, dict[str, Any]]]:
    """Return the passages to be judged, each with what the browser shows of it."""
    mark = viewing.marker(library, question)
    return [
        (
            chunk,
            {
                "id": chunk.id,
                "document": as_it_reads(chunk.document),
                "where": as_it_reads(where(chunk)),
                "pieces": [(as_it_reads(text), found) for text, found in mark(chunk, chunk.text)],
            },
        )
        for chunk in judging.pool(library, question, chosen, depth, collection)
    ]


def _position(library: Library, name: str, questions: Sequence[Question]) -> int:
    """Return which question of the set is at hand.

    Another set begins with the first question that this judge has not judged.
    """
    held, at = st.session_state.get(AT, ("", 0))
    if held != name:
        at = judging.next_unjudged(library, questions, -1, grades.judge()) or 0
    at = max(0, min(int(at), len(questions) - 1))
    st.session_state[AT] = (name, at)
    return at


def _typed(library: Library, name: str, count: int) -> None:
    """Keep what was typed, and go to the question that it ended with."""
    keys = typed.come(_DECK)
    held = judging.passages(library, {key.passage for key in keys if key.passage})
    typed.keep(library, keys, lambda key: held.get(key.passage))
    for key in keys:
        if 1 <= key.go <= count:
            st.session_state[AT] = (name, key.go - 1)
