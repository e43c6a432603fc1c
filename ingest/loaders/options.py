"""How a file is to be read."""

from __future__ import annotations

from dataclasses import dataclass, field

from ingest.loaders.pictures import Pictures


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """What loaders get with a file; ``hidden_sheets``: a workbook's hidden sheets are read too."""

    password: str = ""
    hidden_sheets: bool = False
    pictures: Pictures = field(default_factory=Pictures)
