"""Pipelines under names of their own: kept, shown and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from rag.errors import RanklensError
from rag.evaluate.experiments import pipelines
from rag.settings import SHAPES_ANSWER, SHAPES_RANKING, Settings
from ui.shared import frame
from ui.shared.frame import plain

if TYPE_CHECKING:
    from ranklens.library import Library

_NAME, _OPTIONS, _SAID = "pipeline_name", "pipeline_options", "pipeline_said"


def manager(library: Library) -> None:
    """Offer to keep options as a pipeline, and to delete one."""
    settings = library.settings
    with st.popover("Saved pipelines", icon=":material/bookmark:"):
        st.text_input("Name", key=_NAME, max_chars=40, placeholder="wide")
        st.text_input(
            "Options",
            key=_OPTIONS,
            value=present(settings),
            placeholder="pool=100,reranker=none",
            help="Those in which it differs from the settings; at first what Ask has now",
        )
        st.button("Keep", icon=":material/check:", key="keep_pipeline", on_click=_keep,
                  args=(settings,))  # fmt: skip
        if said := st.session_state.pop(_SAID, ""):
            frame.notice(said, "Not kept", "bad")
        for name, options in pipelines.saved(settings.library).items():
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{plain(name)}** {plain(written(options))}")
                st.button("Delete", icon=":material/delete:", key=f"delete_{name}",
                          on_click=pipelines.delete,  # type: ignore[arg-type]
                          args=(settings, name))  # fmt: skip


def present(settings: Settings) -> str:
    """Return the options of the page Ask that differ from the settings, as they are written."""
    shaping = settings.shaping(SHAPES_RANKING, SHAPES_ANSWER)
    asked: dict[str, Any] = st.session_state.get("options", {})
    return written({n: v for n, v in asked.items() if n in shaping and shaping[n] != v})


def written(options: dict[str, Any]) -> str:
    """Write options as they are typed: ``pool=100,reranker=none``."""
    return ",".join(f"{name}={'none' if v is None else v}" for name, v in options.items())


def _keep(settings: Settings) -> None:
    name, options = (str(st.session_state[key]).strip() for key in (_NAME, _OPTIONS))
    try:
        found = pipelines.resolve(settings, [f"{name}:{options}"]) if options else {name: {}}
        pipelines.save(settings, name, found[name])
    except RanklensError as error:
        st.session_state[_SAID] = str(error)
