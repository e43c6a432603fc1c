"""The Models page: what rerankers and encoders need, what is on this machine, and how to get it."""

from __future__ import annotations

import streamlit as st

from rag.errors import RanklensError
from rag.settings import load_settings
from ranklens import models
from ranklens.languages import advice
from ranklens.models import Download, ListedModel, size_text
from ui.shared import frame, state
from ui.shared.html import macro

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
    frame.style("shared/models.css")
    frame.title("Models", "What rerankers and encoders need, and what of it is on this machine.")
    try:
        settings = load_settings()
    except RanklensError as error:
        state.problem(error)
        return
    if models.offline():
        frame.notice(
            "HF_HUB_OFFLINE is set, so nothing can be downloaded; a model's folder can still be "
            "given by its path.",
            "Offline",
        )
    library = state.library_if_it_opens()
    if library and (better := advice(library.settings.library, library.encoder)):
        frame.notice(better, "Another encoder would help")
    listed = models.listed(settings)
    for kind, (heading, lead) in KINDS.items():
        st.html(macro("section", TEMPLATE)(heading, lead))
        for one in listed:
            if one.model.kind == kind:
                _model(one)
    above = {name for one in listed for name in one.used_by}
    others = [one for one in models.rerankers(settings) if one.name not in above]
    st.html(macro("others", TEMPLATE)(others))


def _model(listed: ListedModel) -> None:
    name = listed.model.name
    download = models.last_download(name)
    with st.container(border=True, key=f"model {name}"):
        about, size, action = st.columns((5, 2, 2), vertical_alignment="center")
        about.html(macro("about", TEMPLATE)(listed))
        size.html(macro("size", TEMPLATE)(listed))
        with action:
            if listed.folder:
                frame.say("✓ on this machine")
            elif listed.model.install:
                st.code(listed.model.install, language="sh")
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
        on_click=models.start_download,
        args=(name,),
        disabled=off or bool(download and download.running),
        help="HF_HUB_OFFLINE is set: nothing can be downloaded" if off else None,
        width="stretch",
    )


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
