"""A sweep's state on disk: its plan, a line for each result as it comes, and the report.

A process that is killed loses the question at work. A last line that was cut off is ignored.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rag.errors import NotThere, RanklensError
from rag.evaluate.sweeps.plan import SweepPlan

FOLDER = "sweeps"
PLAN, RESULTS, REPORT = "plan.json", "results.jsonl", "report.json"


@dataclass(frozen=True, slots=True)
class SweptQuestion:
    """What a configuration did with one question.

    ``found`` and ``evidence`` are the measures of `rag.evaluate.sweeps.quality`, ``characters`` is
    the text that the answer was given. ``cost`` is in dollars, None if a price is not known.
    ``problem`` is why there is no ranking, or why its reranker fell back.
    """

    found: float
    evidence: float
    seconds: float
    characters: int
    cost: float | None = 0.0
    problem: str = ""


class SweepState:
    """One sweep's folder. Only the process that owns the library writes it."""

    def __init__(self, library: Path, key: str) -> None:
        self.key = key
        self.folder = library / FOLDER / key
        self.results: dict[tuple[str, str], SweptQuestion] = {}

    @classmethod
    def opened(cls, library: Path, key: str) -> SweepState:
        """Return the state of a sweep that has begun."""
        state = cls(library, key)
        state.results = dict(state._read())
        return state

    @classmethod
    def begin(cls, library: Path, plan: SweepPlan) -> SweepState:
        """Return the state of a plan, with what an earlier run of it has done."""
        folder = cls(library, plan.id).folder
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / PLAN, asdict(plan))
        return cls.opened(library, plan.id)

    def add(self, configuration: str, question: str, result: SweptQuestion) -> None:
        """Keep a result; it is on the disk when this returns."""
        line = json.dumps({"configuration": configuration, "question": question, **asdict(result)})
        with (self.folder / RESULTS).open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.results[configuration, question] = result

    @property
    def plan(self) -> SweepPlan:
        """What the sweep is to measure."""
        try:
            return SweepPlan.from_json(json.loads((self.folder / PLAN).read_text("utf-8")))
        except (OSError, ValueError, TypeError, KeyError):
            raise RanklensError(f"the plan of the sweep {self.key} is damaged") from None

    def of(self, configuration: str) -> dict[str, SweptQuestion]:
        """Return a configuration's results by question."""
        return {q: result for (c, q), result in self.results.items() if c == configuration}

    @property
    def report(self) -> dict[str, Any] | None:
        """The report, None while the sweep is not done."""
        path = self.folder / REPORT
        if not path.exists():
            return None
        try:
            found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        except ValueError:
            raise RanklensError(f"the report of the sweep {self.key} is damaged") from None
        return found

    def finish(self, report: Mapping[str, Any]) -> None:
        """Keep the report."""
        _write(self.folder / REPORT, report)

    def forget(self) -> None:
        """Delete everything of this sweep."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self.folder)
        self.results = {}

    def _read(self) -> Iterator[tuple[tuple[str, str], SweptQuestion]]:
        path = self.folder / RESULTS
        if not path.exists():
            return
        whole = path.read_bytes()
        if not whole.endswith(b"\n"):  # cut off: what is added next must begin a line
            whole = whole[: whole.rfind(b"\n") + 1]
            path.write_bytes(whole)
        for line in whole.decode("utf-8").splitlines():
            try:
                row = json.loads(line)
                key = (row.pop("configuration"), row.pop("question"))
                yield key, SweptQuestion(**row)
            except (ValueError, KeyError, TypeError, AttributeError):
                continue  # one more search is all that it costs


def kept(library: Path) -> list[SweepState]:
    """Return the sweeps of a library, the newest first."""
    folders = [path.parent for path in (library / FOLDER).glob(f"*/{PLAN}")]
    newest = sorted(folders, key=lambda path: -(path / PLAN).stat().st_mtime_ns)
    return [SweepState.opened(library, path.name) for path in newest]


def of_id(library: Path, key: str) -> SweepState:
    """Return a sweep by its id; raises `NotThere`."""
    for state in kept(library):
        if state.key == key:
            return state
    raise NotThere(f"there is no sweep {key!r}")


def _write(path: Path, data: Any) -> None:
    aside = path.with_name(path.name + ".tmp")
    aside.write_text(json.dumps(data, ensure_ascii=False, indent=1, default=list), "utf-8")
    aside.replace(path)
