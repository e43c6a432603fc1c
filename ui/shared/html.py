"""The page's HTML: templates and scripts stand beside the Python file that fills them in.

Templates are named from ``ui/``, such as ``measure/fitted.html``. What several pages draw are the
macros of ``shared/macros.html``, which also lists the filters that all templates have.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import streamlit as st
from markupsafe import Markup, escape

from rag.text import labels
from rag.text.quoting import as_it_reads
from rag.text.templates import Templates
from ui.shared import naming, places, stages

UI = Path(__file__).parents[1]
_COMMAND = re.compile(r"`([^`\n]+)`")


def commands(text: str) -> Markup:
    """Return text, escaped, with what stands between backticks as code."""
    if isinstance(text, Markup):
        return text
    pieces = enumerate(_COMMAND.split(as_it_reads(text)))
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if n % 2 else escape(piece) for n, piece in pieces
    )


_TEMPLATES = Templates(
    UI,
    commands=commands,
    duration=labels.duration,
    excerpt=naming.excerpt,
    named=naming.named,
    pairs=lambda found: list(pairwise(found)),
    place=naming.place,
    reason=lambda text: commands(places.shown(text)),
    score=lambda score, stage: stages.number(stage, score),
    share=lambda share, places=1: f"{share:.{places}%}",
    snippet=naming.snippet,
    stage=labels.stage_title,
    stem=naming.stem,
    where=naming.where,
)


def render(template: str, **values: Any) -> Markup:
    """Return a template of ``ui/`` (such as ``measure/fitted.html``), filled in and escaped."""
    return _TEMPLATES.render(template, **values)


def show(template: str, **values: Any) -> None:
    """Put a template of ``ui/``, filled in, on the page."""
    st.html(render(template, **values))


def macro(name: str, template: str = "shared/macros.html") -> Callable[..., Markup]:
    """Return a macro of a template as a function: ``st.html(macro("say")("One moment."))``."""
    return _TEMPLATES.macro(template, name)


def component(name: str, *scripts: str, html: str = "") -> Callable[..., Any]:
    """Return a component that runs scripts of ``ui/``, one after the other, as one module.

    ``name`` is unique in the page; the last script exports one function, as Streamlit's components
    do. ``html`` names a file of ``ui/`` that holds what it shows; the page's own style sheets hold
    for that. Without one it has no look of its own.
    """
    js = "\n".join((UI / script).read_text("utf-8") for script in scripts)
    shown = (UI / html).read_text("utf-8") if html else "<i hidden></i>"
    return st.components.v2.component(name, html=shown, js=js, isolate_styles=not html)
