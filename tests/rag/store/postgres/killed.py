"""Publishes a document in processes that are killed (SIGKILL), each before the next statement.

``python -m tests.rag.store.postgres.killed URL FOLDER``: for each line on standard input a process
claims a document, publishes it and dies before its n-th statement. It writes ``killed``, or
``published`` once nothing is left to be interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from sqlalchemy import event

from tests.rag.store.stores import chunks_of, on_postgres, write


def publish(url: str, folder: Path, step: int) -> None:
    """Publish what waits, and die before a statement or commit."""
    store = on_postgres(url, folder)
    document = store.claim()
    if document is None:
        raise SystemExit("nothing waits")
    write(store, document.id, chunks_of(document.name, ["sun", "comet", "ring"], version="new"))
    left = [step]

    def die(*_: object) -> None:
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(store.catalogue.engine, "before_cursor_execute", die)
    event.listen(store.catalogue.engine, "commit", die)
    store.publish(document.id, 0.5)


def main(url: str, folder: Path) -> None:
    for step, _ in enumerate(sys.stdin, start=1):
        child = os.fork()
        if not child:
            publish(url, folder, step)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        sys.stdout.write("killed\n" if killed else f"published {status}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
