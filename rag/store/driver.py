"""PostgreSQL's driver with deadlines: a server that is cut off holds no caller for ever.

The operating system notices a machine that is away (`CUT_OFF`). One in between that holds what it
should pass on, as a proxy may, is noticed by the time that an answer takes.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

Returned = TypeVar("Returned")

CONNECT_SECONDS = 10
CUT_SECONDS = 20
ANSWER_SECONDS = 130.0  # longer than the server's own limit of a statement
CUT_OFF = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": CUT_SECONDS * 1000,
}
"""Parameters of libpq: so long a connection is kept on which nothing is acknowledged."""


def connect(
    _dialect: object, _record: object, args: Sequence[Any], options: Mapping[str, Any]
) -> DeadlineConnection:
    """Connect for SQLAlchemy; what the address says of `CUT_OFF` holds."""
    defaults = {**CUT_OFF, "connect_timeout": CONNECT_SECONDS}
    return DeadlineConnection.connect(*args, **{**defaults, **options})


class DeadlineConnection(psycopg.Connection[Any]):
    """Closes itself if the server does not answer in `ANSWER_SECONDS`, unless it ``waits``."""

    waits = False

    def wait(
        self, gen: PQGen[Returned], interval: float = 0.1, timeout: float | None = None
    ) -> Returned:
        """Wait for the server, as each statement does; raises `psycopg.OperationalError`."""
        limit = ANSWER_SECONDS if timeout is None and not self.waits else timeout
        started = time.monotonic()
        try:
            return super().wait(gen, interval, limit)
        except psycopg.OperationalError:
            if limit is not None and time.monotonic() - started >= limit:
                self.close()  # an answer that still comes is that of another question
            raise
