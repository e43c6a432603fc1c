"""The command line: `ranklens …`. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped."""

from __future__ import annotations

import os
import signal
import sys


def main() -> None:
    """Run the command that ``sys.argv`` names; an error of Ranklens is one line, not a trace."""
    from rag.errors import RanklensError, SettingsError
    from ui.cli.commands import app
    from ui.cli.words import clean

    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    for stopping in (signal.SIGTERM, signal.SIGHUP):  # stop as Ctrl-C does: the library is closed
        if signal.getsignal(stopping) == signal.SIG_DFL:
            signal.signal(stopping, signal.default_int_handler)
    try:
        app(prog_name="ranklens")
    except RanklensError as error:
        print(f"ranklens: {clean(str(error))}", file=sys.stderr)
        sys.exit(2 if isinstance(error, SettingsError) else 1)
    finally:
        _flush()


def _flush() -> None:
    """Write out what is left; a reader that has gone (``| head``) is no error."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
