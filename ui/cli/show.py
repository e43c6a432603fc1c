"""Traces for people: a table on a terminal, tab-separated lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rag.journey import movements
from rag.types import Chunk, Stage, StageName, Trace
from ui.cli.words import clean, clean_lines, duration, move

if TYPE_CHECKING:
    from ranklens.inspecting import PassageWay

SHOWN = 160  # characters of a passage that is followed
WIDEST = 28  # characters of a column before its text is folded
HEADER = ("rank", "before", "move", "score", "document", "page", "passage")


def write(piece: str) -> None:
    """Print a piece of an answer as it arrives."""
    print(clean_lines(piece), end="", flush=True)


def trace_summary(trace: Trace) -> None:
    """Print the passages that the answer was given, and where the time went."""
    table(HEADER, passages(trace), clip=True)
    print()
    print(times(trace))
    from ranklens.choices import filter_of

    if words := filter_of(trace).words():
        print(f"within: {clean(', '.join(words))}")
    for stage in trace.stages:
        if stage.fell_back or (stage.note and stage.name == StageName.FUSED):
            print(f"note: {stage.name}: {clean(stage.note)}")


def passage_way(chunk: Chunk, way: PassageWay) -> None:
    """Print a passage's place at every stage, beyond what went on from there, and its end."""
    rows = [
        (p.stage, f"{p.rank or '–'} of {p.of}", "" if p.score is None else f"{p.score:.4f}",
         "in the trace" if p.recorded else "worked out now" if p.rank else "")
        for p in way.places
    ]  # fmt: skip
    print(f"\n{clean(chunk.document)}: {clean(chunk.text[:SHOWN])}")
    table(("stage", "rank", "score", "known"), rows)
    print(clean(" ".join(filter(None, (way.removal.words, way.remedy)))))


def passages(trace: Trace) -> list[tuple[str, ...]]:
    """Return a row for every passage of the evidence, after `HEADER`.

    The rank is the number that citations use; ``before`` is the rank in the fused order.
    """
    rows: list[tuple[str, ...]] = []
    for hit, moved in zip(trace.evidence, movements(trace), strict=False):  # evidence comes first
        page = "" if hit.chunk.page is None else str(hit.chunk.page)
        ranks = (f"[{hit.rank}]", str(moved.before or ""), move(moved.before, hit.rank))
        rows.append((*ranks, f"{hit.score:.4f}", hit.chunk.document, page, hit.chunk.text))
    return rows


def times(trace: Trace) -> str:
    """Return the seconds of every stage and of the answer in one line."""
    parts = [_time(stage) for stage in trace.stages]
    parts.append(f"retrieval {duration(trace.seconds)}")
    if trace.answer:
        parts.append(f"answer {duration(trace.answer.seconds)} ({trace.answer.generator})")
    return " · ".join(parts)


def _time(stage: Stage) -> str:
    name = f" ({stage.reranker})" if stage.reranker else ""
    return f"{stage.name} {duration(stage.seconds)}{name}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]], clip: bool = False) -> None:
    """Print rows under a header.

    On a terminal the last column gets what room is left: there its text is wrapped, or clipped to
    one line.
    """
    cleaned = [[clean(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _draw(header, cleaned, clip)
        return
    for row in (header, *cleaned):
        print("\t".join(row))


def _draw(header: Sequence[str], rows: Sequence[Sequence[str]], clip: bool) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True)
    for name, *cells in zip(header, *rows, strict=True):
        if name == header[-1]:
            drawn.add_column(name, ratio=1, no_wrap=clip, overflow="ellipsis" if clip else "fold")
        else:
            room = min(WIDEST, max(map(len, (name, *cells))))
            drawn.add_column(name, min_width=room, max_width=WIDEST, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    Console().print(drawn)
