"""How a file is to be read."""

from __future__ import annotations

from dataclasses import dataclass, field

from ingest.loaders.pictures import Pictures


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """What loaders get with a file.

    ``hidden_sheets``: those of a workbook are read too. ``seconds`` are those after which reading
    is ended, for loaders that can do with less.
    """

    password: str = ""
    seconds: float = 60.0
    hidden_sheets: bool = False
    pictures: Pictures = field(default_factory=Pictures)
