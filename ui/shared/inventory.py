"""What the page and the command line show of models: each with the rerankers that need it."""

from __future__ import annotations

from dataclasses import dataclass

from rag.models.catalogue import Here, Model, listed
from rag.rerank.base import Context
from rag.rerank.table import COLBERTS, CROSS_ENCODERS, Availability, available
from rag.settings import Settings

HEADER = ("model", "used by", "size", "licence", "on this machine")


@dataclass(frozen=True, slots=True)
class Item:
    """A model, whether it is here, and what it is for."""

    here: Here
    used_by: tuple[str, ...]

    @property
    def model(self) -> Model:
        """The model itself."""
        return self.here.model

    @property
    def size(self) -> str:
        """Its size on disk, or about that of its download."""
        if self.here.folder:
            return megabytes(self.here.size)
        return f"≈ {megabytes(self.model.megabytes * 1_000_000)}" if self.model.megabytes else "?"

    @property
    def licence(self) -> str:
        """What its own page says, else what is known of it."""
        return self.here.licence or self.model.licence or "?"

    @property
    def state(self) -> str:
        """Where it is, or why it cannot be used."""
        if self.model.embedded:
            return "yes, comes with Ranklens"
        return "yes" if self.here.folder else self.here.problem or "no"


def inventory(settings: Settings) -> list[Item]:
    """Return every known model, those that are here first. Waits for no network."""
    found = listed(settings.encoder, settings.cross_encoder)
    return [Item(one, _users(one.model, settings)) for one in found]


def rerankers(settings: Settings) -> list[Availability]:
    """Return every reranker and why it cannot run here, if it cannot."""
    # None of them looks for the encoder before it runs.
    return available(Context(settings, None))  # type: ignore[arg-type]


def megabytes(size: int) -> str:
    """Write a size in MB or GB."""
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def _users(model: Model, settings: Settings) -> tuple[str, ...]:
    lines = [*CROSS_ENCODERS.items(), *COLBERTS.items()]
    users = [name for name, (repository, _) in lines if repository == model.name]
    if model.name == settings.cross_encoder:
        users.insert(0, "cross-encoder")
    if model.name == settings.encoder or (model.embedded and settings.encoder in model.name):
        users.insert(0, "dense retrieval, late-interaction")
    return tuple(users)
