"""What has been judged: by whom, how far judges agree, in and out as CSV and TREC qrels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

import streamlit as st

from rag.text.plural import plural
from ranklens.judging import (
    Agreement,
    PairAgreement,
    Question,
    export_judgements,
    import_judgements,
    judges_agreement,
    judges_disagreements,
    judges_progress,
)
from ui.judge import importing
from ui.shared import frame
from ui.shared.html import show as show_html

if TYPE_CHECKING:
    from ranklens.library import Library

_KEY = "judgements"
SHOWN = 100
SOURCES = {"import": "imported", "llm": "a model", "feedback": "from a thumb"}


def show(library: Library, name: str | None, questions: Sequence[Question]) -> None:
    """Show the judges and their agreement, and what can be done with the judgements."""
    importing.show_report(_KEY)
    found = judges_agreement(library)
    if found.judges:
        st.dataframe(_judges(found), key="judges")
        _progress(library, name, questions)
        _disagreements(library)
        _agreement(found)
    else:
        frame.empty("No judgements yet", "Grade passages here or beside an answer, or import some")
    with st.container(horizontal=True, vertical_alignment="center"):
        for label, file, disabled in (
            ("CSV", Path("judgements.csv"), not found.judges),
            ("TREC qrels", Path(f"{name}.qrels"), not (found.judges and questions)),
        ):
            st.download_button(
                label,
                partial(export_judgements, library, file, questions),
                file.name,
                icon=":material/download:",
                on_click="ignore",
                disabled=disabled,
                key=f"judgements_{file.suffix[1:]}",
                help="Of the chosen question set" if file.suffix == ".qrels" else None,
            )
    importing.uploader(
        library, _KEY, "Import judgements: CSV, or TREC qrels of the chosen question set",
        lambda files: _import(library, files, questions),
    )  # fmt: skip


def _judges(found: Agreement) -> list[dict[str, object]]:
    """Return a row for each judge; who requested a model's grades only if that is known of one."""
    requested = any(one.requested_by for one in found.judges)
    return [
        {
            "Judge": one.judge,
            "Source": one.source,
            **({"Requested by": ", ".join(one.requested_by)} if requested else {}),
            "Judgements": one.judgements,
            "Accepted proposals": one.accepted,
            "Lost": one.lost,
        }
        for one in found.judges
    ]


def _progress(library: Library, name: str | None, questions: Sequence[Question]) -> None:
    """Show how far each judge has come with the chosen set."""
    found = judges_progress(library, questions)
    if name is None or not found:
        return
    frame.label(f"Progress in {name}")
    st.dataframe(
        [
            {
                "Judge": one.judge,
                "Source": one.source,
                "Questions": one.questions,
                "Of the set": 100 * one.questions / len(questions),
                "Judgements": one.passages,
                "Last": datetime.fromtimestamp(one.last).astimezone(),
            }
            for one in found
        ],
        column_config={
            "Of the set": st.column_config.ProgressColumn(
                format="%.0f %%", min_value=0, max_value=100
            ),
            "Last": st.column_config.DatetimeColumn(format="DD MMM YYYY, HH:mm"),
        },
        key="progress",
    )


def _disagreements(library: Library) -> None:
    """List the texts that judges graded differently."""
    with st.container(horizontal=True, vertical_alignment="center"):
        frame.label("Disagreements")
        proposals = st.toggle("With proposals of models and thumbs", key="with_proposals",
                              persist_state="session")  # fmt: skip
    found = judges_disagreements(library, proposals)
    if not found:
        frame.say("No two judges gave the same text different grades.")
        return
    more = f" The first {SHOWN} are shown." if len(found) > SHOWN else ""
    verb = "is" if len(found) == 1 else "are"
    frame.say(
        f"There {verb} {plural(len(found), 'disagreement')} on texts that overlap by half or more; "
        f"those furthest apart come first. Imported grades count as people's.{more}"
    )
    show_html("judge/differences.html", pairs=found[:SHOWN], sources=SOURCES)


def _agreement(found: Agreement) -> None:
    """Show how far judges agree: pairs, all people together, each model beside them."""
    frame.label("Agreement")
    if not found.pairs:
        frame.say("No two judges have graded the same passage, word for word, for one question.")
        return
    alpha = (
        "" if found.alpha is None else f"Krippendorff's alpha of the people: {found.alpha:.3f}. "
    )
    frame.say(
        f"{alpha}1 is full agreement, 0 what chance would give. Alpha and weighted kappa count a "
        "disagreement by the square of its steps. Proposals never count as people's."
    )
    st.dataframe(
        [
            {"Judges": pair.who, "Both judged": pair.shared, "Kappa": pair.kappa,
             "Weighted": pair.weighted, "Alpha": pair.alpha}
            for pair in found.pairs
        ],
        column_config={
            name: st.column_config.NumberColumn(format="%.3f")
            for name in ("Kappa", "Weighted", "Alpha")
        },
        key="agreement",
    )  # fmt: skip
    for pair in found.pairs:
        if pair.model and pair.shared:
            _confusion(pair)


def _confusion(pair: PairAgreement) -> None:
    """Show how a model's grades and the people's meet."""
    frame.label(f"{pair.model} against the people", "h3")
    st.dataframe(
        [
            {"Grade": f"model: {grade}", **{f"people: {n}": count for n, count in enumerate(row)}}
            for grade, row in enumerate(pair.confusion)
        ],
        key=f"confusion_{pair.model}",
    )


def _import(library: Library, files: Sequence[IO[bytes]], questions: Sequence[Question]) -> str:
    (file,) = files
    made = import_judgements(library, Path(file.name), questions, data=file.read())
    return f"{file.name}: {plural(made, 'judgement')} imported"
