"""Which engine runs models here: int8 on processors that multiply bytes fast, else float32.

Without these instructions ONNX Runtime adds two products of bytes in 16 bits, which overflow if
weights use all 8 bits, and int8 is hardly faster
(https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html). The option
``engine`` overrules the rule; `ranklens doctor` shows both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from platform import machine, processor
from typing import Literal

import onnxruntime  # type: ignore[import-untyped]

from rag.models.workers import processors

CPUINFO = Path("/proc/cpuinfo")
# Linux' names: vector neural network instructions of x86, dot products of ARM.
FAST_INT8 = ("avx512_vnni", "avx_vnni", "asimddp")


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine, and why it was chosen."""

    name: Literal["float32", "int8"]
    reason: str


@dataclass(frozen=True, slots=True)
class Processor:
    """How the system describes the first processor; no flags if it does not."""

    name: str
    flags: frozenset[str]


def engine_for(option: str) -> Engine:
    """Return the engine for the option ``engine``: "auto", "float32" or "int8"."""
    if option != "auto":
        return Engine("int8" if option == "int8" else "float32", "the option engine names it")
    flags = this_processor().flags
    if not flags:
        return Engine("float32", f"{CPUINFO} does not describe this processor")
    if fast := next((flag for flag in FAST_INT8 if flag in flags), ""):
        return Engine("int8", f"this processor has {fast}")
    return Engine("float32", f"this processor has none of {', '.join(FAST_INT8)}")


def largest_weight() -> int:
    """Return the largest weight of an int8 graph here: 127, or 63 without `FAST_INT8`.

    255 · 63 · 2, the largest sum of two products of an activation and a weight, fits into 16 bits.
    """
    return 127 if this_processor().flags & set(FAST_INT8) else 63


@cache
def this_processor() -> Processor:
    """Read the processor's name and flags, once a process."""
    try:
        lines = CPUINFO.read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    pairs = (line.partition(":") for line in reversed(lines))
    facts = {name.strip(): value.strip() for name, _, value in pairs}
    flags = facts.get("flags", facts.get("Features", ""))
    return Processor(facts.get("model name") or processor() or machine(), frozenset(flags.split()))


def describe_machine() -> str:
    """Return what speed depends on besides the model: processor, count, ONNX Runtime."""
    count, version = processors(), onnxruntime.__version__
    return f"{this_processor().name}, {count} processors, ONNX Runtime {version}"
