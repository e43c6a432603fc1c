"""How much of a text a model reads before it cuts it off."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """Tokens of one text: how many the model reads of how many there are.

    ``beside`` counts the question's tokens if both are read together, else 0; ``limit`` is the
    most that the model reads at once, special tokens included.
    """

    read: int
    total: int
    beside: int
    limit: int

    @property
    def share(self) -> float:
        """The part of the text that is read, 0 to 1; an empty text is read."""
        return self.read / self.total if self.total else 1.0
