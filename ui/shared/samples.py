"""The offer to add the sample library to an empty one."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from ranklens import background, samples
from ui.shared import collections, frame

if TYPE_CHECKING:
    from ranklens.library import Library


def offer(library: Library) -> None:
    """Show the button in an empty library, if the sample library is on this machine."""
    if samples.offered(library):
        st.button(
            "Add the sample library",
            key="add_samples",
            icon=":material/auto_stories:",
            help="Ten documents with questions and judgements, in a collection of their own.",
            on_click=_add,
            args=(library,),
        )
    job = library.jobs.last(background.SAMPLES)
    if job and job.error:
        frame.notice(job.error, "The sample library is not complete", "bad")


def _add(library: Library) -> None:
    with suppress(RanklensError):  # another session was quicker
        name = samples.name_of(samples.FOLDER)
        collections.choose(library, library.collections.ensure(name))
        background.add_samples(library)
