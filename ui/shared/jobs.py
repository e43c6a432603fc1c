"""Showing a job: how far it is, a button to stop it, why it failed, and what was interrupted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from ranklens import restarting
from ranklens.jobs import Job
from ui.shared import frame

if TYPE_CHECKING:
    from ranklens.library import Library

EVERY = 0.7  # seconds
_SEEN, _PROBLEM = "interrupted_seen", "interrupted_problem"


def begin(start: Callable[[], object], problem: str) -> None:
    """Start a job and show the page with it, or why it did not start, under the title given."""
    try:
        start()
    except RanklensError as error:
        frame.notice(str(error), problem, "bad")
        return
    st.rerun()


def follow(library: Library, kind: str, problem: str = "Not measured") -> Job | None:
    """Show the kind's last job while it runs, or why it failed; return it once it is done.

    One that the end of the program interrupted can be started again.
    """
    interrupted(library, kind)
    return followed(library.jobs.last(kind), kind, problem)


def interrupted(library: Library, kind: str) -> None:
    """Show that the kind's last job was interrupted, until it is started again."""
    job = library.jobs.interrupted(kind)
    if job and job.id not in st.session_state.get(_SEEN, ()):
        _interrupted(library, job)


def followed(job: Job | None, kind: str, problem: str) -> Job | None:
    """Show a job while it runs, or why it failed; return it once it is done."""
    if job is None:
        return None
    if job.running:
        st.fragment(_poll, run_every=EVERY)(kind, job)
        return None
    if job.error:
        frame.notice(job.error, problem, "warn")
        return None
    return job


def _interrupted(library: Library, job: Job) -> None:
    frame.notice(f"{job.error[:1].upper()}{job.error[1:]}.", f"Interrupted: {job.what}", "warn")
    if reason := st.session_state.pop(_PROBLEM, ""):
        frame.notice(reason, "It was not started again", "bad")
    with st.container(horizontal=True):
        if job.arguments is not None:
            st.button(
                "Start again", icon=":material/restart_alt:", key=f"again_{job.kind}",
                disabled=library.jobs.busy, on_click=_again, args=(library, job),
            )  # fmt: skip
        st.button("Close", icon=":material/close:", key=f"seen_{job.kind}", on_click=_seen,
                  args=(job.id,))  # fmt: skip


def _again(library: Library, job: Job) -> None:
    try:
        restarting.again(library, job)
    except RanklensError as error:
        st.session_state[_PROBLEM] = str(error)


def _seen(job_id: str) -> None:
    st.session_state[_SEEN] = (*st.session_state.get(_SEEN, ()), job_id)


def _poll(kind: str, job: Job) -> None:
    if not job.running:
        st.rerun()
    count = f"{job.done:,} of {job.total:,} {job.unit}" if job.total else "Loading the models"
    frame.working(f"{job.what}: {count}", job.done, job.total, f"stop_{kind}", job.stop.set)
