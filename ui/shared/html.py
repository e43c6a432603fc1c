"""The page's HTML: templates stand beside the Python file that fills them in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st
from markupsafe import Markup

from rag.text.templates import Templates

_TEMPLATES = Templates(Path(__file__).parents[1])


def render(template: str, **values: Any) -> Markup:
    """Return a template of ``ui/`` (such as ``measure/fitted.html``), filled in and escaped."""
    return _TEMPLATES.render(template, **values)


def show(template: str, **values: Any) -> None:
    """Put a template of ``ui/``, filled in, on the page."""
    st.html(render(template, **values))
