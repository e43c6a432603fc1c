"""The part of a report that shows single questions, before and after."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from rag.evaluate.reports.examples import Place, Telling

SHORT = 220  # characters of a passage


def questions(found: Sequence[Telling], metric: str, title: str) -> str:
    """Return the most telling questions, each folded, with both rankings' first passages."""
    if not found:
        return ""
    count = "The question" if len(found) == 1 else f"The {len(found)} questions"
    items = "".join(_question(one, metric, first=i == 0) for i, one in enumerate(found))
    return (
        f"<h2>{count} that changed most</h2><p class='soft'>{escape(title)}; a green edge marks "
        f"what was judged relevant.</p>{items}"
    )


def _question(one: Telling, metric: str, first: bool) -> str:
    kind = "good" if one.change > 0 else "bad"
    return (
        f"<details{' open' if first else ''}><summary><span class='change {kind}'>"
        f"{one.change:+.3f}</span><span>{escape(one.question.text)}</span></summary>"
        f"<div class='sides'>{_side('Before', one.before, metric, one.first, moved=False)}"
        f"{_side('After', one.after, metric, one.second, moved=True)}</div></details>"
    )


def _side(name: str, value: float, metric: str, places: Sequence[Place], moved: bool) -> str:
    rows = "".join(_place(place, moved) for place in places)
    return f"<div><h3>{name} · {metric} {value:.3f}</h3><ol>{rows}</ol></div>"


def _place(place: Place, moved: bool) -> str:
    relevant = " class='relevant'" if place.grade else ""
    page = f", page {place.page}" if place.page else ""
    judged = "not judged" if place.grade is None else f"grade {place.grade}"
    text = " ".join(place.text.split())
    text = text if len(text) <= SHORT else text[:SHORT].rsplit(" ", 1)[0] + " …"
    return (
        f"<li{relevant}><span class='place'>{place.rank}. {escape(place.document)}</span>{page} "
        f"<span class='soft'>· {judged}{_move(place) if moved else ''}</span><br>"
        f"<span class='text'>{escape(text)}</span></li>"
    )


def _move(place: Place) -> str:
    if place.was is None:
        return " · new"
    if place.was == place.rank:
        return ""
    return f" · {'▲' if place.was > place.rank else '▼'} was {place.was}"
