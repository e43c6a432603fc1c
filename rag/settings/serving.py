"""The HTTP API: limits of a request and of how many there may be."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from rag.settings.base import Section, option


def _absolute(value: str) -> str:
    if any(not Path(one).expanduser().is_absolute() for one in _listed(value)):
        raise ValueError("give whole paths of folders, separated by commas")
    return value


def _listed(value: str) -> list[str]:
    return [name for name in map(str.strip, value.split(",")) if name]


class ServingSettings(Section):
    """The HTTP API."""

    api_at_once: int = option(
        8, "Requests of the HTTP API that are worked on at once.", ge=1, le=1000
    )
    api_queue: int = option(
        64, "Requests that may wait for their turn; more are answered with 429.", ge=0, le=100_000
    )
    api_queue_seconds: float = option(
        30.0, "Time a request may wait for its turn, in seconds, before it gets 429.", gt=0
    )
    api_body_kb: int = option(
        1024, "Largest body of a request, in kB; a file may have max_file_mb.", ge=1
    )
    api_reply_seconds: float = option(
        30.0,
        "Time that a caller may keep a reply waiting, in seconds, before its connection is cut; "
        "each 64 kB that it takes give a second back.",
        gt=0,
    )
    api_folders: Annotated[str, AfterValidator(_absolute)] = option(
        "",
        "Folders of this machine, separated by commas, from which a caller with an admin key may "
        "add documents; none if empty. Links are not followed.",
        trusted=True,
    )
    api_drain_seconds: float = option(
        0.0,
        "Time that a server answers on after SIGTERM, in seconds, while `/api/ready` says that it "
        "leaves: longer than a load balancer takes to notice. Ctrl-C stops at once.",
        ge=0,
    )
    api_stop_seconds: float = option(
        20.0, "Time that running requests have to end when the server stops, in seconds.", ge=0
    )

    def folders(self) -> tuple[Path, ...]:
        """Return the folders of `api_folders`."""
        return tuple(Path(name).expanduser() for name in _listed(self.api_folders))
