"""A condition on what a thread publishes: checked in the transaction that writes it.

A background job may have been given up, and started again elsewhere, while its process was cut off.
A look beforehand leaves a gap between look and write; here both are one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import Connection

_condition: ContextVar[Callable[[Connection], None] | None] = ContextVar("fence", default=None)


@contextmanager
def fenced(condition: Callable[[Connection], None]) -> Iterator[None]:
    """Let this thread publish only while ``condition`` raises nothing; it locks what it reads."""
    before = _condition.set(condition)
    try:
        yield
    finally:
        _condition.reset(before)


def check(db: Connection) -> None:
    """Raise what the thread's condition raises, in the transaction that is about to write."""
    if condition := _condition.get():
        condition(db)
