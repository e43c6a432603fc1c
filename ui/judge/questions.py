"""Question sets: the chosen one, writing questions, importing a set from files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO, TYPE_CHECKING

import streamlit as st

from rag.text.plural import plural
from ranklens.question_sets import (
    Question,
    asked_questions,
    import_uploads,
)
from ui.judge import drafts, exchange, guidelines, importing
from ui.shared import collections, frame, question_sets

if TYPE_CHECKING:
    from ranklens.library import Library

SHOWN = 200
MOST_TYPED = 200_000  # characters
_KEY = "questions"


def show(library: Library, name: str | None) -> None:
    """Show the chosen set, and the ways to make one."""
    if name is not None:
        _chosen(library, name)
        guidelines.show(library, name)
    importing.show_report(_KEY)  # beside what it is about: the list above is as high as the window
    grid = st.grid(2, min_column_width=320, gap="large")
    with grid.cell():
        _writer(library)
    with grid.cell():
        _importer(library)
    exchange.show(library, name)
    if kept := drafts.show(library):
        question_sets.choose(kept[0])
        importing.report(_KEY, lambda: kept[1])
        st.rerun()


def _chosen(library: Library, name: str) -> None:
    held = library.question_sets.questions(name)
    st.dataframe(
        [{"Id": q.id, "Question": q.text, "Kind": q.kind} for q in held[:SHOWN]],
        hide_index=True,
        column_config={"Question": st.column_config.TextColumn(width="large")},
        key="questions_of_set",
    )
    more = f"The first {SHOWN} of {len(held):,} are shown. " if len(held) > SHOWN else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        frame.say(f"{more}Judgements belong to the questions' words.")
        with st.popover("Delete set", icon=":material/delete:"):
            frame.say("Its judgements stay.")
            st.button("Delete", key="delete_set", on_click=library.question_sets.delete,  # type: ignore[arg-type]
                      args=(name,))  # fmt: skip


def _writer(library: Library) -> None:
    times = asked_questions(library)
    frame.label("Write questions")
    with st.form("write_questions", border=False, clear_on_submit=True):
        name = st.text_input("Set", placeholder="A new name, or one to add to", max_chars=80)
        text = st.text_area("Questions, one a line", height=140, max_chars=MOST_TYPED)
        asked = (
            st.multiselect(
                "Or questions that were asked",
                list(times),
                format_func=lambda one: f"{one} · {times[one]:,} times" if times[one] > 1 else one,
            )
            if times
            else []
        )
        if st.form_submit_button("Keep", icon=":material/check:"):
            importing.report(_KEY, lambda: _keep(library, name, [*text.splitlines(), *asked]))
            st.rerun()


def _keep(library: Library, name: str, texts: Sequence[str]) -> str:
    new = (Question("", text) for text in texts)
    kept, _ = library.question_sets.add(name, new, collections.target(library))
    question_sets.choose(kept)
    return f"{kept}: {plural(library.question_sets.sizes()[kept], 'question')} now"


def _importer(library: Library) -> None:
    frame.label("Import questions")
    importing.uploader(
        library,
        _KEY,
        "CSV, JSON Lines, TREC topics, or a BEIR folder's queries and qrels together",
        lambda files: _import(library, files),
        several=True,
    )
    frame.say(
        "CSV with a column question; document and quote beside it become judgements. JSON Lines "
        "with id and text. BEIR's qrels judge the documents whose name is the id, with or without "
        "suffix. Every faulty row is named, and nothing of a faulty file is imported."
    )


def _import(library: Library, files: Sequence[IO[bytes]]) -> str:
    uploads = [(file.name, file) for file in files]
    made = import_uploads(library, uploads, collection=collections.target(library))
    question_sets.choose(made.name)
    counts = f"{plural(made.questions, 'question')} and {plural(made.judgements, 'judgement')}"
    return f"{made.name}: {counts} imported"
