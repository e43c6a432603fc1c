"""Which kept evaluation the page shows: that of the address, or the newest of the question set."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from rag.evaluate.reports import report
from rag.evaluate.reports.report import EvaluationSummary
from ranklens import evaluations, job_kinds, judged_sets, measuring
from ranklens.evaluations import EvaluationRecord
from ranklens.jobs import Job
from ranklens.measuring import Evaluation, Figures
from ui.shared import frame, question_sets

if TYPE_CHECKING:
    from ranklens.library import Library

PAGE = "measure"
_SHOWN, _SET, _OWN, _FILE = "shown_run", "set_beside_run", "own_measuring", "opened_rankings"


@dataclass(frozen=True, slots=True)
class ShownEvaluation:
    """What the page shows: a kept evaluation, or one that was opened from a file (no record)."""

    figures: Figures
    summary: EvaluationSummary
    record: EvaluationRecord | None
    file: str = ""


def follow(library: Library, given: Mapping[str, str]) -> list[EvaluationRecord]:
    """Choose what an address names or what this session has just measured; return all records.

    If set and evaluation of an address do not belong together, somebody has changed the set.
    """
    held = evaluations.listed(library)
    sets, key, name = library.question_sets.names(), given.get("run"), given.get("set", "")
    found = next((one for one in held if one.id == key), None)
    if key and found is None:
        frame.notice(f"The evaluation {key} is not kept any more.", tone="warn")
    if name in sets and (found is None or found.name != name):
        choose(next((one for one in held if one.name == name), None))
        question_sets.follow(library, name)
    elif found:
        choose(found)
        if found.name in sets:
            question_sets.follow(library, found.name)
    elif not key and (
        _finished(library.jobs.last(job_kinds.MEASURE)) or _SHOWN not in st.session_state
    ):
        choose(next(iter(held), None))
    return held


def measuring_now(job: Job) -> None:
    """Show what a job of this session measures as soon as it is done."""
    st.session_state[_OWN] = job.id


def choose(record: EvaluationRecord | None) -> None:
    """Show a kept evaluation from now on, under the name of its question set."""
    st.session_state[_SHOWN] = record.id if record else ""
    st.session_state.pop(_FILE, None)
    st.session_state.pop(_SET, None)
    if record:
        question_sets.choose(record.name)


def chosen(held: Sequence[EvaluationRecord]) -> EvaluationRecord | None:
    """Return the record that was chosen."""
    key = st.session_state.get(_SHOWN)
    return next((one for one in held if one.id == key), None)


def beside(
    held: Sequence[EvaluationRecord], name: str, sets: Collection[str]
) -> EvaluationRecord | None:
    """Return the record that is shown beside the question set ``name``; never another set's.

    One of questions that are no set of the library has the place until a set is chosen.
    """
    if st.session_state.setdefault(_SET, name) != name:  # somebody has chosen another set
        st.session_state.pop(_FILE, None)
        st.session_state[_SHOWN], st.session_state[_SET] = "", name
    found = chosen(held)
    if found is None or (found.name != name and found.name in sets):
        found = next((one for one in held if one.name == name), None)
    st.session_state[_SHOWN] = found.id if found else ""
    return found


def of_record(library: Library, record: EvaluationRecord) -> ShownEvaluation | None:
    """Return a kept evaluation with the judgements of now; None, with the reason shown, if none."""
    try:
        found, summary = _worked_out(record.id, judged_sets.version(library), library)
    except RanklensError as error:
        frame.notice(str(error), "The rankings of this evaluation cannot be read", "warn")
        return None
    return ShownEvaluation(found, summary, record)


def open_file(name: str, data: bytes) -> None:
    """Show rankings from a file until another evaluation is chosen; raises `RanklensError`."""
    st.session_state[_FILE] = (name, measuring.opened(name, data))


def close_file() -> None:
    """Show kept evaluations again."""
    st.session_state.pop(_FILE, None)


def of_file() -> ShownEvaluation | None:
    """Return what was opened from a file, as it was saved."""
    held: tuple[str, Evaluation] | None = st.session_state.get(_FILE)
    if held is None:
        return None
    name, evaluation = held
    found = measuring.figures_of(evaluation)
    return ShownEvaluation(found, report.summarise(found), None, name)


@st.cache_resource(max_entries=6, show_spinner="Working out the figures…")
def _worked_out(key: str, version: int, _library: Library) -> tuple[Figures, EvaluationSummary]:
    """Work out the figures, with the judgements of now, and what people read of them, once."""
    found = measuring.figures_of(evaluations.present(_library, key))
    return found, report.summarise(found)


def _finished(job: Job | None) -> bool:
    """Whether this session's own job has ended well since the last run of the page."""
    if job is None or job.running or st.session_state.get(_OWN) != job.id:
        return False
    del st.session_state[_OWN]
    return not job.error
