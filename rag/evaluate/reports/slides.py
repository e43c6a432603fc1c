"""Slides of an evaluation: a question before and after, one at a time, then all of them.

Each is an SVG picture of 1600 by 900 that needs nothing else, and one of 900 by 1600 with larger
type for upright screens: `slide.svg` and `slide_upright.svg` draw what is placed here. Colours
stand in them as attributes, so that every program shows them; a page may put its own in their place
by class.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from rag.evaluate.measures.figures import Figures
from rag.evaluate.measures.metrics import metric_label
from rag.evaluate.reports.changes import ChangedQuestion, FirstItems, RankedItem, most_changed
from rag.evaluate.reports.rendering import TEMPLATES
from rag.evaluate.reports.verdict import Verdict, main_comparison, side_label, verdict
from rag.text.labels import duration
from rag.text.plural import plural

MOST = 20  # questions that have a slide
ROWS, ROW = 5, 106  # rows of a ranking, and their height
WIDE, NARROW = 1.0, 0.5  # of the type's size: letters of Chinese and Japanese, and of others


@dataclass(frozen=True, slots=True)
class Slide:
    """A picture, and the same ``upright``; ``title`` describes it for those who do not see it."""

    title: str
    svg: Markup
    upright: Markup


@dataclass(frozen=True, slots=True)
class SlideLayout:
    """Where a slide's template wants things. Widths are counted in narrow letters.

    ``question`` is the width and the most lines; ``heads``, ``rows`` (width of a line and how many)
    and ``tops`` (of the first row) are those of the rankings before and after.
    """

    template: str
    question: tuple[int, int]
    heads: tuple[int, int]
    rows: tuple[tuple[int, int], tuple[int, int]]
    tops: tuple[int, int]


ACROSS = SlideLayout("slide.svg", (62, 3), (44, 60), ((45, 1), (73, 2)), (318, 318))
UPRIGHT = SlideLayout("slide_upright.svg", (33, 4), (46, 46), ((44, 1), (44, 1)), (396, 998))


@dataclass(frozen=True, slots=True)
class SlideRow:
    """An item of a ranking on a slide.

    ``top`` is its row's upper edge, ``came`` that of the row that it moves there from, and
    ``rose``, ``fell`` or neither is how it moved.
    """

    item: RankedItem
    name: str
    lines: tuple[str, ...]
    top: int
    came: int
    moved: str


def slides(found: Figures, most: int | None = MOST) -> list[Slide]:
    """Return a slide for each question that the main comparison changed most, then the summary.

    Without ``most`` every question that it changed has one.
    """
    main = main_comparison(found)
    if main is None:
        return []
    changed = most_changed(found, main, most or changed_count(found))
    of = f"{len(changed)} that changed most, of {main.difference.questions}"
    asked = [
        question_slide(one, f"Question {number} of the {of}")
        for number, one in enumerate(changed, 1)
    ]
    return [*asked, _summary(found, verdict(main, found))]


def changed_count(found: Figures) -> int:
    """Return how many questions the main comparison changed."""
    main = main_comparison(found)
    return main.difference.wins + main.difference.losses if main else 0


def question_slide(changed: ChangedQuestion, place: str = "") -> Slide:
    """Return the slide of one question with both rankings."""
    words = [_first_words(side) for side in (changed.before, changed.after) if _judged(changed)]
    title = " ".join([f"{changed.question.text}.", *words])
    return Slide(title, _drawn(changed, place, ACROSS), _drawn(changed, place, UPRIGHT))


def _drawn(changed: ChangedQuestion, place: str, layout: SlideLayout) -> Markup:
    before, after = changed.before, changed.after
    (above, first), (narrow, wide) = layout.tops, layout.rows
    left = [_row(item, above, above, at, *narrow) for at, item in enumerate(_first(before))]
    right = [_row(item, above, first, at, *wide) for at, item in enumerate(_first(after))]
    lines = [
        (from_.top + ROW // 2 - 6, to.top + ROW // 2 - 6, to.moved)
        for from_ in left
        for to in right
        if from_.item.key == to.item.key
    ]
    return TEMPLATES.render(
        layout.template,
        place=place,
        question=wrapped(changed.question.text, *layout.question),
        heads=(shortened(before.title, layout.heads[0]), shortened(after.title, layout.heads[1])),
        left=left,
        right=right,
        lines=lines,
        figures=_figures(changed),
        judged=_judged(changed),
    )


def wrapped(text: str, width: float, lines: int) -> tuple[str, ...]:
    """Cut a text into at most ``lines`` lines of ``width`` narrow letters each."""
    found: list[str] = []
    line = ""
    for word in _pieces(_plain(text), width):
        if line and measured(f"{line}{word}") > width:
            found.append(line.rstrip())
            line = ""
        line += word
    found.append(line.rstrip())
    if len(found) > lines:
        found = [*found[: lines - 1], shortened(f"{found[lines - 1]} …", width)]
    return tuple(filter(None, found))


def shortened(text: str, width: float) -> str:
    """Return as much of a text as fits ``width`` narrow letters."""
    text = _plain(text)
    if measured(text) <= width:
        return text
    while text and measured(f"{text}…") > width:
        text = text[:-1]
    return f"{text.rstrip(' .,;:…')}…"


def measured(text: str) -> float:
    """Return how many narrow letters a text is about as wide as."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) - wide + wide * WIDE / NARROW


def _plain(text: str) -> str:
    """Return a text on one line without what XML cannot hold."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _pieces(text: str, width: float) -> Iterator[str]:
    """Yield words with the space after them; one that is longer than a line, in pieces."""
    for word in text.split(" "):
        piece = ""
        for letter in word:
            if measured(piece + letter) > width:
                yield piece
                piece = ""
            piece += letter
        yield f"{piece} "


def _first(side: FirstItems) -> Sequence[RankedItem]:
    return side.items[:ROWS]


def _row(item: RankedItem, above: int, first: int, at: int, width: int, lines: int) -> SlideRow:
    """Place an item at the row ``at``.

    ``above`` and ``first`` are the tops of first rows: of the ranking before, and of its own.
    """
    top = first + ROW * at
    spot = "" if item.page is None else f" · page {item.page}"
    name = f"{shortened(item.document, width * 0.8 - len(spot))}{spot}"
    came, moved = at if item.was is None else min(item.was - 1, ROWS), ""
    if item.was is None and "new" in item.facts:
        came, moved = ROWS, "rose"
    elif item.was is not None and item.was != item.rank:
        moved = "rose" if item.was > item.rank else "fell"
    return SlideRow(
        item, name, wrapped(item.text, width, lines), top, above + ROW * came - top, moved
    )


def _figures(changed: ChangedQuestion) -> str:
    if not _judged(changed):
        return ""
    return f"{changed.metric} {changed.before.value:.3f} → {changed.after.value:.3f}"


def _judged(changed: ChangedQuestion) -> bool:
    """Return whether a relevant passage of the question is known."""
    return not math.isnan(changed.change)


def _first_words(side: FirstItems) -> str:
    """Return in words where the first relevant item stands."""
    rank = next((item.rank for item in side.items if item.relevant), None)
    place = f"at rank {rank}" if rank else f"not among the first {len(side.items)}"
    return f"{side.title}: the first relevant passage is {place}."


def _summary(found: Figures, words: Verdict) -> Slide:
    main = main_comparison(found)
    assert main is not None  # noqa: S101 - there is a verdict
    difference, evaluation = main.difference, found.evaluation
    counts = [
        ("Higher", "rose", difference.wins),
        ("Alike", "", difference.ties),
        ("Lower", "fell", difference.losses),
    ]
    total = max(1, difference.questions)

    def bars(start: float, whole: int) -> Iterator[tuple[str, str, int, float, float]]:
        for name, kind, count in counts:
            width = whole * count / total
            yield name, kind, count, start, width
            start += width

    sides = []
    for side in (main.before, main.after):
        stage = found.stage(side[1], side[0])
        if stage:
            mean = stage.metrics[main.metric].mean
            run = next(one for one in found.runs if one.run.name == side[0])
            sides.append(
                (shortened(side_label(side, main, found), 44), f"{mean:.3f}", duration(run.p50))
            )
    foot = (
        f"{evaluation.name} · {plural(difference.questions, 'question')} · measured "
        f"{evaluation.made[:10]} with Ranklens"
    )
    across = TEMPLATES.render(
        "summary.svg", headline=wrapped(words.sentence, 54, 4), bars=bars(60, 1480), sides=sides,
        metric=metric_label(main.metric), foot=foot,
    )  # fmt: skip
    upright = TEMPLATES.render(
        "summary_upright.svg", headline=wrapped(words.sentence, 30, 7), bars=bars(30, 840),
        sides=sides, metric=metric_label(main.metric), foot=wrapped(foot, 62, 2),
    )  # fmt: skip
    return Slide(words.sentence, across, upright)
