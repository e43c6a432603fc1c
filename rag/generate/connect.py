"""Is a model's server there, and which models does it have? Presets, and a test with a deadline."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from rag.generate.deadline import within
from rag.generate.faults import Failure
from rag.generate.models import provider_for
from rag.generate.provider import Provider
from rag.settings import Settings
from rag.text.plural import plural

SECONDS = 5.0
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
    """What a test found: the models there, or the problem in plain words."""

    where: str
    seconds: float
    models: tuple[str, ...] = ()
    problem: str = ""


def connect(settings: Settings, seconds: float = SECONDS) -> Connection:
    """Ask the provider for its models; never raises, and takes ``seconds`` at most."""
    provider = provider_for(settings.updated(llm_seconds=seconds))
    where = str(provider.endpoint)
    if not provider.ready():
        return Connection(where, 0.0, problem=provider.endpoint.no_key())
    started = time.perf_counter()
    try:
        listed = next(within((provider.models() for _ in range(1)), seconds, lambda: None))
    except provider.errors as error:
        problem = _problem(provider, provider.failure(error), seconds)
        return Connection(where, time.perf_counter() - started, problem=problem)
    problem = "" if listed else f"{where} answers, but has no models; load one there first."
    return Connection(where, time.perf_counter() - started, tuple(listed), problem)


def _problem(provider: Provider, failure: Failure, seconds: float) -> str:
    endpoint = provider.endpoint
    if failure.kind == "time":
        return (
            f"{endpoint} did not answer within {plural(seconds, 'second')}. Is the server running?"
        )
    if failure.status == 404:
        return (
            f"{endpoint} has no list of models. Check that the address is right (often …/v1); "
            "where it is, type the model's name."
        )
    return endpoint.explain(failure, arrived=False)
