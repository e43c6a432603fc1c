"""`ranklens worker` in processes that are killed (SIGKILL) before a statement of a publication.

``python -m tests.crash.worker``, with the settings in the environment: for each line on standard
input, a number, a process runs the command until nothing waits, and dies before that statement of
its first publication (0: never), or when it is to encode `POISON`. It writes ``killed`` or
``ended CODE``. All are forks of this process, which has imported everything.
"""

from __future__ import annotations

import os
import signal
import sys

from sqlalchemy import Engine, event

import ranklens.library
import ranklens.working
from rag.store.postgres.store import PostgresStore
from tests.fakes import WordEncoder
from ui import cli

POISON = "poison"


class PoisonedEncoder(WordEncoder):
    """Ends the process at `POISON`, as a model that runs out of memory does."""

    def encode_both(self, texts):  # type: ignore[no-untyped-def]
        if any(POISON in text for text in texts):
            die()
        return super().encode_both(texts)


def die() -> None:
    """End this process at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def work(step: int) -> None:
    """Run the command, and end it when nothing waits."""
    once = ranklens.working.Worker._once
    left = [0]

    def then_end(worker: ranklens.working.Worker) -> str:
        problem = once(worker)
        if not worker._library.unfinished():
            os.kill(os.getpid(), signal.SIGTERM)
        return problem

    def count(*_: object) -> None:
        if left[0]:
            left[0] -= 1
            if not left[0]:
                die()

    def armed(store: PostgresStore, document_id: int, seconds: float) -> list[int] | None:
        left[0] = step
        return publish(store, document_id, seconds)

    publish = PostgresStore.publish
    PostgresStore.publish = armed  # type: ignore[method-assign]
    ranklens.working.Worker._once = then_end  # type: ignore[method-assign]
    ranklens.working.LOOK = 0.05
    ranklens.library.load_encoder = lambda _settings: PoisonedEncoder()  # type: ignore[assignment]
    for moment in ("before_cursor_execute", "commit"):
        event.listen(Engine, moment, count)
    sys.argv = ["ranklens", "worker"]
    cli.main()


def main() -> None:
    """Run a process for each line."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            code = 1
            try:
                work(int(line))
                code = 0
            except SystemExit as ended:
                code = int(ended.code or 0)
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        end = "killed" if killed else f"ended {os.waitstatus_to_exitcode(status)}"
        sys.stdout.write(f"{end}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
