"""The offer to add the sample library to an empty one."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from ranklens import job_kinds, samples, upkeep
from ranklens.jobs import Job
from ui.shared import collections, frame, state

if TYPE_CHECKING:
    from ranklens.library import Library

LONGEST_WAIT = 5.0  # seconds; copying a small file takes a few milliseconds


def offer(library: Library) -> None:
    """Show the button in an empty library, if the sample library is on this machine."""
    if samples.offered(library) and state.may(library, "make collections"):
        st.button(
            "Add the sample library",
            key="add_samples",
            icon=":material/auto_stories:",
            help="Twelve documents with questions and judgements, in a collection of their own.",
            on_click=_add,
            args=(library,),
        )
    job = library.jobs.last(job_kinds.SAMPLES)
    if job and job.error:
        frame.notice(job.error, "The sample library is not complete", "bad")


def _add(library: Library) -> None:
    with suppress(RanklensError):  # another session was quicker
        name = samples.name_of(samples.FOLDER)
        collections.choose(library, library.collections.ensure(name))
        _begun(library, upkeep.add_samples(library))


def _begun(library: Library, job: Job) -> None:
    """Wait for the first document, so that the page shows that it is being indexed."""
    ends = time.monotonic() + LONGEST_WAIT
    while job.running and not library.documents() and time.monotonic() < ends:
        time.sleep(0.05)
