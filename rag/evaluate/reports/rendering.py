"""HTML of figures, the same on the page and in the report: templates and their style sheet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from markupsafe import Markup

from rag.text.labels import duration
from rag.text.templates import Templates

HERE = Path(__file__).parent
STYLE = HERE / "figures.css"
TEMPLATES = Templates(
    HERE, duration=duration, share=lambda share, places=1: f"{share:.{places}%}"
)  # fmt: skip


def part(name: str) -> Callable[..., Markup]:
    """Return a macro of parts.html as a function: ``part("verdict")(verdict)``."""
    return TEMPLATES.macro("parts.html", name)
