"""Recording the questions that are asked, and their figures for the page and for Prometheus."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from rag.errors import RanklensError, StorageError
from rag.types import Trace
from rag.watch import find, prometheus, spans
from rag.watch.conventions import Words
from rag.watch.entry import LogEntry, Origin, entry_of
from rag.watch.figures import ANSWER, FIRST_TOKEN, RANKING, Alert, LogFigures, alerts, figures
from rag.watch.find import OUTCOMES, Outcome
from rag.watch.log import DAY, HOUR

if TYPE_CHECKING:
    from rag.settings import Settings
    from ranklens.records import Records

__all__ = [
    "ANSWER",
    "DAY",
    "FIRST_TOKEN",
    "OUTCOMES",
    "RANKING",
    "Alert",
    "LogEntry",
    "LogFigures",
    "Outcome",
]

log = logging.getLogger(__name__)
TEXT = "text/plain; version=0.0.4; charset=utf-8"  # the media type of `metrics`
# Windows that are offered: name → seconds; None is everything in the log.
WINDOWS = {"Hour": HOUR, "Day": DAY, "Week": 7 * DAY, "All": None}


def record(library: Records, trace: Trace, origin: Origin, turn: int | None = None) -> None:
    """Record a complete trace: in the log if the settings want one, as metrics, and as spans.

    Evaluations and the warm-up are not recorded. Never raises because of the log or a listener:
    the answer is complete, and what failed goes to the program's log.
    """
    entry = entry_of(trace, origin, time.time(), turn, _collection(library, trace))
    if library.settings.log_questions:
        try:
            library.question_log.add(entry)
        except (SQLAlchemyError, StorageError) as error:
            log.warning("the question log could not be written (%s); the answer is complete", error)
    prometheus.observe(entry)
    spans.send(trace, entry, _words(library.settings))
    library.alert_watch.after_question()


def _collection(library: Records, trace: Trace) -> int | None:
    """Return the number of the collection that was asked; None if it was removed meanwhile."""
    try:
        return library.collections.number(str(trace.settings.get("collection", "")))
    except (SQLAlchemyError, RanklensError):
        return None


def _words(settings: Settings) -> Words:
    return Words(settings.otel_questions or settings.otel_content, settings.otel_content)


def of_window(
    library: Records, window: float | None, end: float, collection: str | None = None
) -> LogFigures:
    """Return the figures of the questions asked in the ``window`` seconds before ``end``.

    All questions without a window. A window is at least an hour long. Only those that were asked in
    one ``collection`` ("all": in all of them together), if it is named; raises `NotThere`.
    """
    since = end - window if window else 0.0
    entries = library.question_log.entries(since, None, _number(library, collection))
    first = min((entry.asked for entry in entries), default=end)
    start = min(end - window if window else first, end - HOUR)
    return figures(entries, start, end, library.rerank_gains.of(entries))


def questions(
    library: Records, window: float | None, end: float,
    words: str = "", outcomes: Iterable[Outcome] = (), collection: str | None = None,
) -> list[LogEntry]:  # fmt: skip
    """Return the questions of a window that hold these words and have one of the outcomes.

    The newest come first; without words or outcomes all are returned. ``collection`` as in
    `of_window`.
    """
    since = end - window if window else 0.0
    held = library.question_log.entries(since, end, _number(library, collection))
    return find.matching(held, words, outcomes)


def questions_as_csv(library: Records, entries: Sequence[LogEntry]) -> str:
    """Return logged questions as a CSV file, safe to open in a spreadsheet."""
    return find.to_csv(entries, library.collections.by_id())


def _number(library: Records, collection: str | None) -> int | None:
    return None if collection is None else library.collections.number(collection)


def beyond_thresholds(library: Records, found: LogFigures) -> list[Alert]:
    """Return the figures that are beyond the thresholds of the settings."""
    return alerts(found, library.settings)


def alerts_of_the_hour(library: Records) -> list[Alert]:
    """Return the alerts of the last hour, which are sent if the settings say where."""
    return beyond_thresholds(library, of_window(library, HOUR, time.time() + 1))


def version(library: Records) -> tuple[object, ...]:
    """Return what changes whenever the figures of one window may change."""
    return library.question_log.version(), library.judgements.version()


def close() -> None:
    """Send the spans that wait, for a few seconds at most; a process that ends does it too."""
    spans.close()


def metrics(library: Records | None) -> bytes:
    """Return the figures in Prometheus' text format; without a library those of the process."""
    if library is not None:
        end = time.time() + 1
        week, hour = (of_window(library, window, end) for window in (7 * DAY, HOUR))
        prometheus.show(week, hour, library.settings)
    return prometheus.render()
