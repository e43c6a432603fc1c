"""Which engine runs a model on this machine: found out once by trying, remembered, explained.

Int8 is taken where it is faster here and gives nearly the same results as float32 on texts that it
was not smoothed with. The outcome is kept in ``engines.json`` in the cache, by model, machine and
version of ONNX Runtime; `ranklens doctor` shows it, and the option ``engine`` overrules it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray
from tokenizers import Encoding

from rag.errors import ModelError
from rag.models.digest import write_atomically
from rag.models.onnx.exports import WEIGHTS, graph_for, place_of
from rag.models.onnx.recipe import length_limit
from rag.models.onnx.runtime import Runtime
from rag.models.tokens import Tokens
from rag.models.workers import processors
from rag.processes import environment

log = logging.getLogger(__name__)
Kind = Literal["hidden", "logits"]
Output = NDArray[np.float32]
MEMORY = "engines.json"
TEXTS = Path(__file__).with_name("calibration.tsv")
LENGTH = 192
LARGE = 32 << 20  # bytes of weights from which a model is tried in a process of its own
TRIAL_SECONDS = 300
TIMED = 8  # samples
# The least cosine of a passage's vector, or correlation of the logits, with float32's.
AGREEMENT = {"hidden": 0.997, "logits": 0.99}
GAIN = 1.2


@dataclass(frozen=True, slots=True)
class Choice:
    """An engine and what it was chosen by.

    ``agreement`` is between int8 and float32 (see `AGREEMENT`); the milliseconds are a processor's
    for the texts it was tried on.
    """

    model: str
    engine: Literal["float32", "int8"]
    why: str
    agreement: float
    float32_ms: float
    int8_ms: float


def runtime_for(
    name: str, folder: Path, kind: Kind, cache: Path, engine: str, tokens: Tokens
) -> Runtime:
    """Load the model in ``folder`` on ``engine`` ("float32", "int8" or "auto").

    Raises `ModelError` where no graph can be made of it.
    """
    typed = tokens.typed or kind == "hidden"
    if engine == "auto":
        engine = _choice(name, folder, kind, cache, tokens).engine
    if engine == "float32":
        return Runtime(graph_for(folder, kind, cache), typed)
    return Runtime(_int8(folder, kind, cache, tokens), typed, "onnx int8")


def machine() -> str:
    """Return what the choice depends on besides the model: processor, count, ONNX Runtime."""
    return f"{_processor()}, {processors()} processors, ONNX Runtime {onnxruntime.__version__}"


def remembered(cache: Path) -> list[Choice]:
    """Return what was chosen on this machine, without models in folders that are gone."""
    return [
        choice
        for key, choice in _read(cache).items()
        if key.startswith(machine()) and not _gone(choice.model)
    ]


def _gone(name: str) -> bool:
    folder = Path(name).expanduser()
    return folder.is_absolute() and not folder.is_dir()


def _choice(name: str, folder: Path, kind: Kind, cache: Path, tokens: Tokens) -> Choice:
    key = f"{machine()}: {place_of(folder, kind, cache, int8=False).name}"
    known = _read(cache).get(key)
    if known is None and (folder / WEIGHTS).stat().st_size >= LARGE:
        _try_apart(name, folder, kind, cache)
        known = _read(cache).get(key)
    return known or _try_here(name, folder, kind, cache, tokens, key)


def _try_apart(name: str, folder: Path, kind: Kind, cache: Path) -> None:
    """Let a process of its own choose: what the trial takes in memory goes with it."""
    try:
        subprocess.run(
            [sys.executable, "-m", "rag.models.onnx.calibrate", name, folder, kind, cache],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=TRIAL_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", b"") or b"").decode(errors="replace")[-500:]
        log.warning("%s is tried in this process, for its own failed: %s %s", name, error, said)


def _try_here(name: str, folder: Path, kind: Kind, cache: Path, tokens: Tokens, key: str) -> Choice:
    choice = _tried(name, folder, kind, cache, tokens)
    log.info("%s: %s (%s)", name, choice.engine, choice.why)
    n = len(machine())
    with contextlib.suppress(OSError):
        others = {k: c for k, c in _read(cache).items() if (c.model, k[:n]) != (name, key[:n])}
        made = {k: asdict(c) for k, c in {**others, key: choice}.items()}
        write_atomically(cache / MEMORY, json.dumps(made, indent=1).encode())
    return choice


def _tried(name: str, folder: Path, kind: Kind, cache: Path, tokens: Tokens) -> Choice:
    samples = _samples(folder, tokens, kind)[1::2]
    try:
        # One is let go of before the other is loaded: together they would be the most memory that
        # the process ever takes.
        quick = _int8(folder, kind, cache, tokens)
        first, slow = _run(graph_for(folder, kind, cache), samples)
        second, fast = _run(quick, samples)
    except ModelError as error:
        return Choice(name, "float32", f"int8 does not run here ({error})", 0.0, 0.0, 0.0)
    agreement = _agreement(first, second, kind)
    gain = slow / max(fast, 1e-9)
    why = f"int8 is {gain:.2f} times as fast here, agreement {agreement:.4f}"
    good = agreement >= AGREEMENT[kind] and gain >= GAIN
    if not good:
        why += f"; it takes {GAIN} and {AGREEMENT[kind]}"
    return Choice(name, "int8" if good else "float32", why, agreement, 1e3 * slow, 1e3 * fast)


def _int8(folder: Path, kind: Kind, cache: Path, tokens: Tokens) -> Path:
    return graph_for(folder, kind, cache, lambda: _samples(folder, tokens, kind)[::2])


def _samples(folder: Path, tokens: Tokens, kind: Kind) -> list[Encoding]:
    """Return tokenised texts: passages, or each question with its own and with another passage."""
    limit = min(LENGTH, length_limit(folder))
    rows = [line.split("\t") for line in TEXTS.read_text("utf-8").splitlines()]
    if kind == "hidden":
        return [tokens.single(one, limit) for one in tokens.bare([row[1] for row in rows])]
    pairs = []
    for i, (question, _) in enumerate(rows):
        for passage in (rows[i][1], rows[i - 1][1]):
            query, text = tokens.bare([question, passage])
            pairs.append(tokens.pair(query, text, limit))
    return [*pairs[::2], *pairs[1::2]]


def _run(graph: Path, samples: Sequence[Encoding]) -> tuple[list[Output], float]:
    """Return a graph's output for each sample, and a processor's seconds for the first of them.

    Seconds are the least of three: a busy machine makes a processor slower, never faster.
    """
    runtime = Runtime(graph)
    seconds = 0.0
    for sample in samples[:TIMED]:
        times = []
        for _ in range(3):
            start = time.thread_time()
            runtime.run([sample])
            times.append(time.thread_time() - start)
        seconds += min(times)
    return [runtime.run([sample])[0] for sample in samples], seconds


def _agreement(first: Sequence[Output], second: Sequence[Output], kind: Kind) -> float:
    if kind == "hidden":
        return min(
            _cosine(a.mean(axis=0), b.mean(axis=0)) for a, b in zip(first, second, strict=True)
        )
    logits = [np.array(values)[:, 0] for values in (first, second)]
    centred = [values - values.mean() for values in logits]
    return _cosine(centred[0], centred[1])


def _cosine(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float(a @ b / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-12))


def _read(cache: Path) -> dict[str, Choice]:
    """Return the choices of all machines; what cannot be read is found out again."""
    try:
        return {
            key: Choice(**entry) for key, entry in json.loads((cache / MEMORY).read_bytes()).items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def main() -> None:
    """Choose for one model and remember it: arguments name, folder, kind and cache."""
    name, folder, kind, cache = sys.argv[1:]
    output: Kind = "hidden" if kind == "hidden" else "logits"
    key = f"{machine()}: {place_of(Path(folder), output, Path(cache), int8=False).name}"
    _try_here(name, Path(folder), output, Path(cache), Tokens(Path(folder)), key)


if __name__ == "__main__":
    main()
