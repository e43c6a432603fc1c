"""How fast the models are on this machine: measured on request, and kept in the cache's folder."""

from __future__ import annotations

import json
import os
import platform
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from rag.errors import ModelError, RanklensError, StorageError
from rag.models.catalogue import Model, find, here
from rag.models.load import load_cross, load_encoder
from rag.settings import Settings
from rag.store.durable import write_file

PASSAGES = 50  # as in a pool
LONGEST = 5.0  # seconds of measuring, after the model is loaded and warm
QUESTION = "When was the bridge over the river opened to the public?"
# About 120 words, as a usual chunk has; each passage begins differently.
_PASSAGE = (
    "In year {number} of the works the two towers stood, and the cables were spun from one bank to "
    "the other. The engineers had measured the current for several winters before they chose the "
    "place, since ice had carried away the piers of the old crossing twice. Stone for the anchors "
    "came from a quarry upstream and was brought by barge. The deck was hung from the middle "
    "outwards, so that the load on both towers stayed the same, and it was tested with wagons full "
    "of gravel before anybody was allowed to cross. Tolls paid for the upkeep until the county "
    "bought the bridge and made the crossing free for everybody who walks."
)


@dataclass(frozen=True, slots=True)
class ModelSpeed:
    """``passages`` encoded, or judged with a question, in ``seconds``; on how many ``cores``.

    ``measured`` is the time of the measurement, in seconds since 1970.
    """

    passages: int
    seconds: float
    engine: str
    cores: int
    measured: float

    @property
    def rate(self) -> float:
        """Passages a second."""
        return self.passages / self.seconds

    @property
    def words(self) -> str:
        """The speed in words."""
        return f"{self.rate:,.0f} passages a second, 50 in {PASSAGES / self.rate:.2g} s"


def measurable(model: Model) -> bool:
    """Return whether this module can measure a model of that kind."""
    return model.kind in ("encoder", "cross-encoder")


def measure(settings: Settings, name: str, stop: threading.Event | None = None) -> ModelSpeed:
    """Measure a model that is here, keep what was found and return it.

    It takes some seconds, and the memory of the model. Raises `ModelError` if it cannot be loaded,
    and `RanklensError` once ``stop`` is set.
    """
    model = find(name) or Model(name, "cross-encoder")
    if not measurable(model):
        raise ModelError(f"{name}: the speed of models of this kind is not measured")
    run, engine = _runner(settings, model)
    run()  # warm
    passages, began = 0, time.perf_counter()
    while not passages or time.perf_counter() - began < LONGEST:
        if stop and stop.is_set():
            raise RanklensError("the measurement was stopped")
        run()
        passages += PASSAGES
    seconds = time.perf_counter() - began
    speed = ModelSpeed(passages, round(seconds, 3), engine, os.cpu_count() or 1, time.time())
    _keep(settings, model.name, speed)
    return speed


def kept(settings: Settings) -> dict[str, ModelSpeed]:
    """Return the speeds that were measured on this machine, by the models' names."""
    try:
        found = json.loads(_file(settings).read_text("utf-8"))
        if found["machine"] != _machine():
            return {}
        return {name: ModelSpeed(**speed) for name, speed in found["speeds"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # measured again when somebody asks for it


def _runner(settings: Settings, model: Model) -> tuple[Callable[[], object], str]:
    """Load a model; return what runs it over the passages once, and its engine."""
    if here(model).folder is None:
        raise ModelError(f"{model.name} is not on this machine")
    texts = [_PASSAGE.format(number=number) for number in range(1, PASSAGES + 1)]
    if model.kind == "encoder":
        encoder = load_encoder(settings.updated(encoder=model.name))
        return lambda: encoder.encode(texts), encoder.engine
    cross = load_cross(settings, model.name)
    return lambda: cross.judge([(QUESTION, texts)]), cross.engine


def _keep(settings: Settings, name: str, speed: ModelSpeed) -> None:
    speeds = {known: asdict(one) for known, one in kept(settings).items()}
    text = json.dumps({"machine": _machine(), "speeds": {**speeds, name: asdict(speed)}})
    with suppress(OSError, StorageError):  # it is shown now, and measured again if somebody asks
        write_file(_file(settings), text.encode())


def _file(settings: Settings) -> Path:
    return settings.cache / "speeds.json"


def _machine() -> str:
    return f"{platform.node()} {platform.machine()} {os.cpu_count()}"
