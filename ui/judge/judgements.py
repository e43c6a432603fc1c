"""What has been judged: by whom, how far judges agree, in and out as CSV and TREC qrels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from ingest.datasets.anchored import texts
from ingest.datasets.base import decoded
from rag.errors import RanklensError
from rag.evaluate.data import Question
from rag.evaluate.judgements.agreement import confusion, krippendorff_alpha, pairwise
from rag.evaluate.judgements.csv_files import from_csv, to_csv
from rag.evaluate.judgements.judges import Pairs, by_judge, columns, measures, models
from rag.evaluate.judgements.record import HIGHEST, LOWEST, PEOPLE, Judgement
from rag.evaluate.judgements.trec import from_qrels, to_qrels
from rag.text.plural import plural
from ui.shared import frame
from ui.shared.frame import escape
from ui.shared.passages import table

if TYPE_CHECKING:
    from ranklens.library import Library

_SAID, _TURN = "judgements_said", "judgements_turn"


def show(library: Library, name: str | None, questions: Sequence[Question]) -> None:
    """Show the judges and their agreement, and what can be done with the judgements."""
    said, tone = st.session_state.pop(_SAID, ("", ""))
    if said:
        with st.container(key="judgements_said"):
            frame.notice(said, "Nothing was taken in" if tone else "", tone)
    store = library.judgements
    store.refresh()
    held = store.all()
    if held:
        st.html(judges(held) + agreement(held))
    else:
        frame.empty("No judgements yet", "Grade passages here or beside an answer, or take some in")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button("CSV", lambda: to_csv(held), "judgements.csv", "text/csv",
                           icon=":material/download:", on_click="ignore", disabled=not held,
                           key="judgements_csv")  # fmt: skip
        st.download_button("TREC qrels", lambda: to_qrels(held, questions), f"{name}.qrels",
                           "text/plain", icon=":material/download:", on_click="ignore",
                           disabled=not (held and questions), key="judgements_qrels",
                           help="Of the chosen question set")  # fmt: skip
    _importer(library, questions)


def judges(held: Sequence[Judgement]) -> str:
    """Return who judged how much as an HTML table; lost ones are those whose text is gone."""
    counts: dict[tuple[str, str], list[int]] = {}
    for one in held:
        row = counts.setdefault((one.judge, one.source), [0, 0])
        row[0] += 1
        row[1] += one.status == "lost"
    rows = [
        f"<tr><td>{escape(judge)}</td><td>{source}</td>"
        f'<td class="right rl-num">{made:,}</td><td class="right rl-num">{lost:,}</td></tr>'
        for (judge, source), (made, lost) in sorted(counts.items())
    ]
    number = '<th class="right">'
    return table(f"<th>Judge</th><th>Source</th>{number}Judgements</th>{number}Lost</th>", rows)


def agreement(held: Sequence[Judgement]) -> str:
    """Return how far judges agree as HTML: pairs, all people together, each model beside them."""
    people, against = by_judge(held, PEOPLE), models(held)
    pairs, weighted = pairwise(people), pairwise(people, weighted=True)
    rows = [
        _row(f"{first} and {second}", shared, (kappa, weighted[first, second][1], None))
        for (first, second), (shared, kappa) in pairs.items()
        if shared
    ]
    rows += [
        _row(f"{model} (model) and the people", len(found), measures(found))
        for model, found in against.items()
    ]
    if not rows:
        return (
            '<p class="rl-say after">No passage has been judged by two judges for one question.</p>'
        )
    alpha = krippendorff_alpha(list(columns(people).values()))
    said = "" if alpha is None else f"Krippendorff's alpha of the people: <b>{alpha:.3f}</b>. "
    head = "<th>Judges</th>" + "".join(
        f'<th class="right">{name}</th>' for name in ("Both judged", "Kappa", "Weighted", "Alpha")
    )
    return (
        f'<p class="rl-say after">{said}1 is full agreement, 0 what chance would give. Alpha and '
        "weighted kappa count a disagreement by the square of its steps. What is proposed is "
        f"never counted as people's.</p>{table(head, rows)}"
        + "".join(confused(model, found) for model, found in against.items() if found)
    )


def confused(model: str, found: Pairs) -> str:
    """Return how a model's grades and the people's meet as an HTML table."""
    grades_ = range(LOWEST, HIGHEST + 1)
    cells = confusion(found, grades_)
    rows = [
        f"<tr><td>{escape(model)}: {grade}</td>{_counts(of_one, grade)}</tr>"
        for grade, of_one in zip(grades_, cells, strict=True)
    ]
    head = "<th></th>" + "".join(f'<th class="right">people: {grade}</th>' for grade in grades_)
    return f'<h3 class="rl-label">{escape(model)} against the people</h3>{table(head, rows)}'


def _counts(counts: Sequence[int], agreed: int) -> str:
    cells = (f"<b>{n:,}</b>" if place == agreed else f"{n:,}" for place, n in enumerate(counts))
    return "".join(f'<td class="right rl-num">{cell}</td>' for cell in cells)


def take_in(library: Library, name: str, data: bytes, questions: Sequence[Question]) -> str:
    """Keep judgements from a file, CSV or qrels of ``questions``; say how many they are."""
    text = decoded(data, name)
    text_of = texts(library.index.catalogue)
    if name.lower().endswith(".csv"):
        made = from_csv(text, text_of, name=name)
    else:
        made = from_qrels(text, questions, text_of, name=name)
    return f"{name}: {plural(library.judgements.add(made), 'judgement')} taken in"


def _importer(library: Library, questions: Sequence[Question]) -> None:
    turn = st.session_state.setdefault(_TURN, 0)
    file = st.file_uploader("Take judgements in: CSV, or TREC qrels of the chosen question set",
                            key=f"judgements_{turn}")  # fmt: skip
    if file is None:
        return
    try:
        st.session_state[_SAID] = (take_in(library, file.name, file.read(), questions), "")
    except RanklensError as error:
        st.session_state[_SAID] = (str(error), "bad")
    st.session_state[_TURN] = turn + 1
    st.rerun()


def _row(who: str, shared: int, values: Sequence[float | None]) -> str:
    cells = "".join(
        f'<td class="right rl-num">{"–" if value is None else f"{value:.3f}"}</td>'
        for value in values
    )
    return f'<tr><td>{escape(who)}</td><td class="right rl-num">{shared:,}</td>{cells}</tr>'
