"""Gates: ``reranked.ndcg@10>=0.70`` turns an evaluation into a check for CI."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from rag.errors import SettingsError
from rag.evaluate.measures.figures import Figures, StageFigures
from rag.evaluate.measures.metrics import checked

HOLDS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
TIMES = ("p50_ms", "p95_ms")
FORM = re.compile(
    r"(?:(?P<run>.+):)?(?:(?P<stage>[\w-]+)\.)?(?P<metric>[\w@]+)\s*"
    r"(?P<sign>>=|<=|>|<)\s*(?P<bound>\d+(?:\.\d+)?|\.\d+)"
)


@dataclass(frozen=True, slots=True)
class Gate:
    """A bound on a metric of a stage, or on a time; without a pipeline's name, the first one's."""

    run: str
    stage: str
    metric: str
    sign: str
    bound: float

    def __str__(self) -> str:
        run = f"{self.run}:" if self.run else ""
        stage = f"{self.stage}." if self.stage else ""
        return f"{run}{stage}{self.metric}{self.sign}{self.bound:g}"


@dataclass(frozen=True, slots=True)
class GateOutcome:
    """A gate's outcome; ``value`` is NaN if the stage did not run."""

    gate: Gate
    value: float
    passed: bool

    def __str__(self) -> str:
        unit = " ms" if self.gate.metric in TIMES else ""
        found = "not measured" if math.isnan(self.value) else f"{self.value:.4f}{unit}"
        return f"gate {'passed' if self.passed else 'failed'}: {self.gate} ({found})"


def parse_gate(text: str) -> Gate:
    """Read ``[PIPELINE:]STAGE.METRIC>=NUMBER`` or ``[STAGE.]p95_ms<=NUMBER``.

    Raises `SettingsError` on anything else.
    """
    match = FORM.fullmatch(text.strip())
    if match is None:
        raise SettingsError(
            f"gate {text!r} is not of the form STAGE.METRIC>=NUMBER or p95_ms<=NUMBER, such as "
            "reranked.ndcg@10>=0.70"
        )
    metric = match["metric"] if match["metric"] in TIMES else checked(match["metric"])
    if metric not in TIMES and not match["stage"]:
        raise SettingsError(f"gate {text!r} names no stage; write reranked.{text.strip()}")
    return Gate(
        match["run"] or "", match["stage"] or "", metric, match["sign"], float(match["bound"])
    )


def check(gate: Gate, found: Figures) -> GateOutcome:
    """Hold a gate against the figures; what was not measured does not pass."""
    run = next((r for r in found.runs if not gate.run or r.run.name == gate.run), None)
    measured = run.stages.get(gate.stage) if run and gate.stage else run
    if gate.metric in TIMES:
        value = 1000 * float(getattr(measured, gate.metric.removesuffix("_ms"), math.nan))
    elif isinstance(measured, StageFigures):
        value = measured.metrics[gate.metric].mean
    else:
        value = math.nan
    passed = not math.isnan(value) and HOLDS[gate.sign](value, gate.bound)
    return GateOutcome(gate, value, passed)
