"""Is a model's server there, and which models does it have? Presets, and a test with a deadline."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from rag.errors import ProviderError
from rag.llm.client import LanguageModel
from rag.settings import Settings

SECONDS = 5.0
MOST_MODELS, LONGEST_NAME = 2_000, 200
# Where these servers listen by default.
PRESETS: Mapping[str, str] = {
    "OpenAI": "",
    "Ollama": "http://127.0.0.1:11434/v1",
    "LM Studio": "http://127.0.0.1:1234/v1",
    "llama.cpp": "http://127.0.0.1:8080/v1",
    "vLLM": "http://127.0.0.1:8000/v1",
}


@dataclass(frozen=True, slots=True)
class Connection:
    """The result of a test: the models there, or the problem in plain words."""

    where: str
    seconds: float
    models: tuple[str, ...] = ()
    problem: str = ""


def connect(settings: Settings, seconds: float = SECONDS) -> Connection:
    """Ask the provider for its models; never raises, and takes ``seconds`` at most.

    A problem is the status and a reason in our words, never what the server sent: whoever tests an
    address must not read through this program what answers there.
    """
    model = LanguageModel(settings.updated(llm_seconds=seconds, provider_words=False))
    where = str(model.endpoint)
    if problem := model.endpoint.missing():
        return Connection(where, 0.0, problem=problem)
    started = time.perf_counter()
    listed: list[str] = []
    try:
        listed = [name for name in model.models() if len(name) <= LONGEST_NAME][:MOST_MODELS]
        problem = "" if listed else f"{where} answers, but has no models; load one there first."
    except ProviderError as error:
        problem = str(error)
    return Connection(where, time.perf_counter() - started, tuple(listed), problem)
