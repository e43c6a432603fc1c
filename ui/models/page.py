"""The Models page: what is on this machine, one model for each purpose, and all the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from rag.settings import Settings, load_settings
from rag.text.plural import plural
from ranklens import job_kinds, models, speeds, upkeep
from ranklens.languages import advice
from ranklens.models import Download, ListedModel, size_text
from ui.shared import frame, jobs, state
from ui.shared.html import macro

if TYPE_CHECKING:
    from ranklens.library import Library
    from ranklens.speeds import ModelSpeed

KINDS = {
    "cross-encoder": (
        "Cross-encoders",
        "They read question and passage together: the best order, at a price a pair.",
    ),
    "colbert": ("Late interaction", "They compare the tokens of question and passage."),
    "encoder": (
        "Encoders",
        "They turn passages into vectors. Another encoder means indexing everything again.",
    ),
}
TEMPLATE = "models/models.html"
EVERY = 0.5


def page() -> None:
    """Show the page."""
    state.require("models")
    frame.style("shared/models.css")
    frame.title("Models", "What finds and reranks passages: what is here, and what would help.")
    try:
        settings = load_settings()
    except RanklensError as error:
        state.problem(error)
        return
    library = state.library_if_it_opens()
    _notices(library)
    listed = models.listed(settings)
    by_name = {one.model.name: one for one in listed}
    known = speeds.kept(settings)
    _here([one for one in listed if one.folder], known, library)
    st.html(macro("section", TEMPLATE)("Recommended", "One for each purpose."))
    for wanted in models.RECOMMENDED:
        _model(by_name[wanted.model], known, wanted)
    _others(listed)
    _without_model(settings, listed)


def _notices(library: Library | None) -> None:
    if models.offline():
        frame.notice(
            "HF_HUB_OFFLINE is set, so nothing can be downloaded; a model's folder can still be "
            "given by its path.",
            "Offline",
        )
    if library and (better := advice(library.settings.library, library.encoder)):
        frame.notice(better, "Another encoder would help")


def _here(
    found: Sequence[ListedModel], known: Mapping[str, ModelSpeed], library: Library | None
) -> None:
    st.html(macro("section", TEMPLATE)("On this machine", ""))
    st.html(macro("here", TEMPLATE)(found, known))
    if library is None:
        return
    names = [one.model.name for one in found if speeds.measurable(one.model)]
    jobs.follow(library, job_kinds.SPEED)
    st.button(
        "Measure speed",
        icon=":material/speed:",
        key="measure_speeds",
        on_click=_measure,
        args=(library, names),
        disabled=library.jobs.busy,
        help=f"Takes about {plural(8 * len(names), 'second')}; nothing else should run meanwhile",
    )


def _measure(library: Library, names: Sequence[str]) -> None:
    try:
        upkeep.measure_speeds(library, names)
    except RanklensError as error:
        state.problem(error)


def _others(listed: Sequence[ListedModel]) -> None:
    """Show every other model that can be downloaded, by kind, folded away."""
    for kind, (heading, lead) in KINDS.items():
        others = [
            one
            for one in listed
            if one.model.kind == kind
            and not one.folder
            and not models.recommended_for(one.model.name)
        ]
        if others:
            with st.expander(f"{heading}: {len(others)} more", key=f"more {kind}"):
                frame.say(lead)
                for one in others:
                    _model(one, {})


def _without_model(settings: Settings, listed: Sequence[ListedModel]) -> None:
    above = {name for one in listed for name in one.used_by}
    others = [one for one in models.rerankers(settings) if one.name not in above]
    heading = f"Rerankers without a model of their own: {len(others)}"
    with st.expander(heading, key="runners"):
        frame.say("They use what is here already, a service, or a language model.")
        st.html(macro("runners")(others))


def _model(
    listed: ListedModel,
    known: Mapping[str, ModelSpeed],
    wanted: models.Recommendation | None = None,
) -> None:
    name = listed.model.name
    download = models.last_download(name)
    with st.container(border=True, key=f"model {name}"):
        about, size, action = st.columns((5, 2, 2), vertical_alignment="center")
        about.html(macro("about", TEMPLATE)(listed, wanted, known.get(name)))
        size.html(macro("size", TEMPLATE)(listed))
        with action:
            if listed.folder:
                frame.say("✓ on this machine")
            elif listed.model.install:
                st.code(listed.model.install, language="sh", wrap_lines=True)
            else:
                _button(name, download)
        if download is not None:
            every = EVERY if download.running else None
            st.fragment(_progress, run_every=every)(download)


def _button(name: str, download: Download | None) -> None:
    off = models.offline()
    st.button(
        "Download",
        icon=":material/download:",
        key=f"get {name}",
        on_click=_download,
        args=(name,),
        disabled=off or bool(download and download.running),
        help="HF_HUB_OFFLINE is set: nothing can be downloaded" if off else None,
        width="stretch",
    )


def _download(name: str) -> None:
    state.require("models")
    models.start_download(name)


def _progress(download: Download) -> None:
    """Show a download for as long as it runs, and afterwards why it failed."""
    running, key = download.running, f"downloading {download.name}"
    seen, st.session_state[key] = st.session_state.get(key), running
    if seen and not running:
        st.rerun()
    now = download.progress
    if running:
        words = "Asking the hub"
        if now.total:
            words = f"{size_text(now.done)} of {size_text(now.total)} · {now.file}"
        frame.working(words, now.done, now.total, f"stop {download.name}", download.cancel)
    elif download.error:
        frame.notice(download.error, "Not downloaded", "bad")


page()
