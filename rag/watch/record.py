"""The one place where a question that was asked is recorded: log, metrics, spans.

The page and the command line call it when an answer is complete and kept; evaluations and the
warm-up never do. Nothing that goes wrong here reaches the answer.
"""

from __future__ import annotations

import logging
import time

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from rag.settings import Settings
from rag.types import Trace
from rag.watch import spans
from rag.watch.entry import Entry, Origin, entry_of
from rag.watch.log import log_of

log = logging.getLogger(__name__)


def record(
    engine: Engine, settings: Settings, trace: Trace, origin: Origin, turn: int | None = None
) -> Entry:
    """Log a complete trace where the settings say so, and send its spans where one listens.

    Never raises because of the log or the listener: what failed is told to the program's log.
    """
    entry = entry_of(trace, origin, time.time(), turn)
    if settings.log_questions:
        try:
            log_of(engine, settings.log_days).add(entry)
        except SQLAlchemyError as error:
            log.warning("the question log could not be written (%s); the answer is complete", error)
    spans.send(trace, entry, with_words=settings.otel_questions)
    return entry
