"""Showing a job: how far it is, a button to stop it, why it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ranklens.jobs import Job
from ui.shared import frame

if TYPE_CHECKING:
    from ranklens.library import Library

EVERY = 0.7  # seconds


def follow(library: Library, kind: str, problem: str = "Not measured") -> Job | None:
    """Show the kind's last job while it runs, or why it failed; return it once it is done."""
    return followed(library.jobs.last(kind), kind, problem)


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


def _poll(kind: str, job: Job) -> None:
    if not job.running:
        st.rerun()
    count = f"{job.done:,} of {job.total:,} {job.unit}" if job.total else "Loading the models"
    frame.working(f"{job.what}: {count}", job.done, job.total, f"stop_{kind}", job.stop.set)
