"""Question sets: what there is, writing one, taking one in from a file."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath
from typing import IO, TYPE_CHECKING

import streamlit as st

from ingest.datasets import questions as files
from ingest.datasets.anchored import judgements_from, texts
from rag.errors import RanklensError
from rag.evaluate.data import Question
from rag.evaluate.judgements.question_sets import QuestionSets, with_added
from rag.evaluate.judgements.record import same_words
from rag.text.plural import plural
from ui.shared import frame, questions_written
from ui.shared.frame import escape
from ui.shared.passages import table

if TYPE_CHECKING:
    from ranklens.library import Library

SHOWN = 200
BEIR = ("corpus.jsonl", "queries.jsonl")
_SET, _NEXT, _SAID, _TURN = "question_set", "next_set", "questions_said", "questions_turn"


def chooser(library: Library) -> str | None:
    """Offer the library's question sets; None where there is none yet."""
    sizes = library.question_sets.sizes()
    if not sizes:
        return None
    wanted = st.session_state.pop(_NEXT, st.session_state.get(_SET))
    st.session_state[_SET] = wanted if wanted in sizes else next(iter(sizes))
    return st.selectbox(
        "Question set",
        list(sizes),
        key=_SET,
        persist_state="session",
        format_func=lambda name: f"{name} · {plural(sizes[name], 'question')}",
    )


def show(library: Library, name: str | None) -> None:
    """Show the chosen set, and the two ways to make one."""
    sets = library.question_sets
    if name is not None:
        _held(sets, name)
    _report()  # beside what it is about: the list above is as high as the window
    left, right = st.columns(2, gap="large")
    with left:
        _writer(library, sets)
    with right:
        _importer(library)
    if kept := questions_written.show(library):
        st.session_state[_NEXT] = kept
        st.rerun()


def written(text: str, held: Sequence[Question] = ()) -> list[Question]:
    """Return the questions of a set with those of ``text`` added, one a line.

    A question that the set has already is not added again; ids go on counting.
    """
    return with_added(held, (Question("", line) for line in text.splitlines()))


def take_in(library: Library, given: Sequence[tuple[str, IO[bytes]]], name: str = "") -> str:
    """Store a set from uploaded files and say what was stored.

    One file is CSV, JSON Lines or TREC topics; several are a folder in BEIR's layout. Raises
    `RanklensError` that names every faulty row; nothing is stored then.
    """
    with tempfile.TemporaryDirectory(prefix="ranklens-") as made:
        folder = Path(made)
        paths = [_put(folder, file_name, data) for file_name, data in given]
        beir = any(path.name.removesuffix(".gz") in BEIR for path in paths) and len(paths) > 1
        try:
            held, golds = files.read(folder if beir else paths[0])
        except RanklensError as error:
            raise RanklensError(str(error).replace(f"{folder}/", "")) from None
    catalogue = library.index.catalogue
    judged = judgements_from(golds, held, texts(catalogue), "import")
    name = " ".join(name.split()) or PurePath(given[0][0]).name.split(".")[0]
    QuestionSets(catalogue).put(name, held)
    st.session_state[_NEXT] = name
    library.judgements.add(judged)
    return (
        f"{name}: {plural(len(held), 'question')} and {plural(len(judged), 'judgement')} taken in"
    )


def _put(folder: Path, name: str, data: IO[bytes]) -> Path:
    """Write one uploaded file under the last part of its name, qrels where BEIR has them."""
    last = PurePath(name.replace("\\", "/")).name.lstrip(".") or "questions.txt"
    path = folder / ("qrels.tsv" if last.endswith(".tsv") else last)
    path.write_bytes(data.read())
    return path


def _held(sets: QuestionSets, name: str) -> None:
    held = sets.questions(name)
    head = "<th>Id</th><th>Question</th><th>Kind</th>"
    rows = [
        f"<tr><td>{escape(q.id)}</td><td>{escape(q.text)}</td><td>{escape(q.kind)}</td></tr>"
        for q in held[:SHOWN]
    ]
    st.html(table(head, rows))
    more = f"The first {SHOWN} of {len(held):,} are shown. " if len(held) > SHOWN else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(f'<p class="rl-say">{more}Judgements belong to the questions\' words.</p>')
        with st.popover("Delete set", icon=":material/delete:"):
            st.html('<p class="rl-say">Its judgements stay.</p>')
            gone = sets.delete
            st.button("Delete", key="delete_set", on_click=gone, args=(name,))  # type: ignore[arg-type]


def _writer(library: Library, sets: QuestionSets) -> None:
    asked = _asked(library)
    st.html('<h2 class="rl-label">Write questions</h2>')
    with st.form("write_questions", border=False, clear_on_submit=True):
        name = st.text_input("Set", placeholder="A new name, or one to add to", max_chars=80)
        text = st.text_area("Questions, one a line", height=140)
        taken = (
            st.multiselect(
                "Or questions that were asked",
                list(asked),
                format_func=lambda one: f"{one} · {asked[one]:,} times" if asked[one] > 1 else one,
            )
            if asked
            else []
        )
        if st.form_submit_button("Keep", icon=":material/check:"):
            _say(lambda: _keep(sets, name, "\n".join((text, *map(same_words, taken)))))
            st.rerun()


def _asked(library: Library) -> dict[str, int]:
    """Return what was asked and how often: the log, then what conversations hold besides."""
    log = library.question_log
    found = dict(log.questions())
    return found | {one: 1 for one in library.conversations.searched() if one not in found}


def _keep(sets: QuestionSets, name: str, text: str) -> str:
    name = " ".join(name.split())
    held = written(text, sets.questions(name) if name in sets.names() else ())
    if not held:
        raise RanklensError("no question was written; write one a line")
    sets.put(name, held)
    st.session_state[_NEXT] = name
    return f"{name}: {plural(len(held), 'question')} now"


def _importer(library: Library) -> None:
    st.html('<h2 class="rl-label">Take questions in</h2>')
    turn = st.session_state.setdefault(_TURN, 0)
    given = st.file_uploader(
        "CSV, JSON Lines, TREC topics, or a BEIR folder's queries and qrels together",
        accept_multiple_files=True,
        key=f"questions_{turn}",
        max_upload_size=library.settings.max_file_mb,
    )
    if given:
        _say(lambda: take_in(library, [(file.name, file) for file in given]))
        st.session_state[_TURN] = turn + 1
        st.rerun()
    st.html(
        '<p class="rl-say">CSV with a column question; document and quote beside it become '
        "judgements. JSON Lines with id and text. BEIR's qrels judge the documents whose name is "
        "the id, with or without suffix. Every faulty row is named, and nothing of a faulty file "
        "is taken in.</p>"
    )


def _say(act: Callable[[], str]) -> None:
    try:
        st.session_state[_SAID] = (act(), "")
    except RanklensError as error:
        st.session_state[_SAID] = (str(error), "bad")


def _report() -> None:
    said, tone = st.session_state.pop(_SAID, ("", ""))
    if said:
        head = "Nothing was taken in" if tone else ""
        with st.container(key="questions_said"):
            frame.notice(said, head, tone)
