"""Lives of a library that end by SIGKILL, and what must hold afterwards.

``python -m tests.crash.lives RUNS [FIRST]`` plays that many lives. Each one opens a library, adds,
replaces, removes and indexes documents again, and is killed at a write point or at a moment of
chance; then another process opens the library and checks it. A library has several such lives. All
processes are forks of this one, which has imported everything and started no thread, so that a life
takes a fraction of a second. A life acknowledges over a pipe what the library reports as done.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NoReturn

from tests.crash.life import checked, lived

log = logging.getLogger(__name__)

LIVES_OF_A_LIBRARY = 11
AT_POINTS = 0.6
LIMIT = 60.0  # seconds a process may take; one that takes longer hangs


@dataclass
class Expected:
    """What may be in a library: name → the versions that may be live now, and in the end.

    None stands for no document of that name.
    """

    live: dict[str, set[int | None]] = field(default_factory=dict)
    final: dict[str, set[int | None]] = field(default_factory=dict)
    acknowledged: int = 0

    def note(self, line: str) -> None:
        """Take notice of one acknowledgement, or of what is begun."""
        what, name, *more = line.split()
        live = self.live.setdefault(name, {None})
        final = self.final.setdefault(name, {None})
        version = int(more[0]) if more else None
        if what in ("adding", "removing"):
            live.add(version)
            final.add(version)
            return
        self.acknowledged += 1
        self.final[name] = {version}
        if what != "queued":
            self.live[name] = {version}

    def settle(self, found: dict[str, int]) -> None:
        """What was found by a check is what there is."""
        for name in self.final:
            self.live[name] = self.final[name] = {found.get(name)}


@dataclass
class Outcome:
    """How a process ended: its lines, whether it was killed, and its exit code."""

    lines: list[str]
    killed: bool
    code: int


def forked(work: Callable[[int], None], after: float | None = None) -> Outcome:
    """Run ``work`` in a fork, with a pipe to write lines to; kill it ``after`` so many seconds."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _run(work, writer)
    os.close(writer)
    status, hung = _ended(child, after)
    with os.fdopen(reader, "rb") as pipe:
        lines = pipe.read().decode().splitlines()
    if hung:
        lines.append("failed it hangs")
    return Outcome(lines, os.WIFSIGNALED(status), os.waitstatus_to_exitcode(status))


def _run(work: Callable[[int], None], pipe: int) -> NoReturn:
    faulthandler.dump_traceback_later(LIMIT - 5)
    code = 1
    try:
        work(pipe)
        code = 0
    except Exception as error:
        log.exception("a life failed")
        os.write(pipe, f"failed {type(error).__name__}: {error}\n".encode()[:2000])
    finally:
        os._exit(code)


def _ended(child: int, after: float | None) -> tuple[int, bool]:
    began = time.monotonic()
    kill_at = None if after is None else began + after
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status, False
        now = time.monotonic()
        if now - began > LIMIT:
            os.kill(child, signal.SIGKILL)
            return os.waitpid(child, 0)[1], True
        if kill_at is not None and now >= kill_at:
            os.kill(child, signal.SIGKILL)
            kill_at = None
        time.sleep(0.001)


@dataclass
class Tally:
    """What the lives came to."""

    at_points: int = 0
    at_moments: int = 0
    ended: int = 0
    acknowledged: int = 0
    problems: list[str] = field(default_factory=list)
    points: set[str] = field(default_factory=set)

    @property
    def kills(self) -> int:
        """How many lives were killed."""
        return self.at_points + self.at_moments


def play(runs: int, first: int, tally: Tally) -> None:
    """Play until ``runs`` lives were killed or a library is not as it should be."""
    number = first
    while tally.kills < runs and not tally.problems:
        folder = Path(tempfile.mkdtemp(prefix="ranklens-lives-"))
        try:
            _play_library(folder, number, runs, tally)
        finally:
            shutil.rmtree(folder)
        number += 1


def _play_library(folder: Path, number: int, runs: int, tally: Tally) -> None:
    chance, expected = random.Random(number), Expected()
    points, seconds = 0, 0.0  # what a whole life has and takes
    for life in range(LIVES_OF_A_LIBRARY):
        if tally.kills >= runs or tally.problems:
            return
        # The first one is not killed: it gives the library something to lose.
        at_point = bool(life) and chance.random() < AT_POINTS
        stop = chance.randrange(points) + 1 if at_point else 0
        after = chance.uniform(0, seconds) if life and not at_point else None
        seed = number * LIVES_OF_A_LIBRARY + life
        began = time.monotonic()
        outcome = forked(partial(lived, folder, seed, stop), after)
        tally.at_points += at_point and outcome.killed
        tally.at_moments += not at_point and outcome.killed
        if not outcome.killed:
            tally.ended += 1
            seconds = time.monotonic() - began
        points = _heard(outcome, seed, expected, tally) or points
        _check(folder, seed, expected, tally, outcome)


def _heard(outcome: Outcome, seed: int, expected: Expected, tally: Tally) -> int:
    """Take notice of a life's lines; return how many write points it passed, 0 if not known."""
    points = 0
    for line in outcome.lines:
        if line.startswith("failed "):
            tally.problems.append(f"seed {seed}, in life: {line}")
        elif line.startswith("points "):
            points = int(line.split()[1])
        elif line.startswith("killed at "):
            tally.points.add(line.removeprefix("killed at "))
        else:
            expected.note(line)
    tally.acknowledged += expected.acknowledged
    expected.acknowledged = 0
    return points


def _check(folder: Path, seed: int, expected: Expected, tally: Tally, outcome: Outcome) -> None:
    wanted = {
        "live": {name: list(of) for name, of in expected.live.items()},
        "final": {name: list(of) for name, of in expected.final.items()},
    }
    check = forked(lambda pipe: checked(folder, wanted, pipe))
    for line in check.lines:
        if line.startswith("found "):
            expected.settle(json.loads(line.removeprefix("found ")))
        else:
            at = [line for line in outcome.lines if line.startswith("killed at")]
            tally.problems.append(f"seed {seed} ({', '.join(at) or 'at a moment'}): {line}")
    if check.code and not tally.problems:
        tally.problems.append(f"seed {seed}: the check ended with {check.code}")


def main() -> None:
    """Play the lives that the arguments name and print what they came to."""
    runs, first = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    tally, began = Tally(), time.monotonic()
    play(runs, first, tally)
    sys.stdout.write(
        f"{tally.kills} lives killed in {time.monotonic() - began:.0f} s: {tally.at_points} at "
        f"write points (of {len(tally.points)} kinds), {tally.at_moments} at moments of chance; "
        f"{tally.ended} ended by themselves; {tally.acknowledged} acknowledged changes; "
        f"{len(tally.problems)} problems\n" + "".join(f"{one}\n" for one in tally.problems[:20])
    )
    sys.exit(bool(tally.problems))


if __name__ == "__main__":
    main()
