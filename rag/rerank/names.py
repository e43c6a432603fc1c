"""The grammar of rerankers' names.

    name     = entry | family ":" model | "hybrid:" name
             | "cascade:" name ">" name … | "rrf:" name "+" name …
    entry    = a line of the table
    family   = a line of the table that takes a model: cross-encoder, colbert, cohere, …

A prefix takes all that follows it, so ``hybrid:cascade:A>B`` blends a cascade and
``cascade:A>hybrid:B`` ends in a hybrid.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Literal

from rag.errors import SettingsError
from rag.rerank.base import Combined, Entry, Ranker

Families = Mapping[str, Callable[[str], Entry]]
_JOINTS: tuple[tuple[Literal["cascade", "rrf"], str], ...] = (("cascade", ">"), ("rrf", "+"))


def parse(name: str, table: Mapping[str, Ranker], families: Families) -> Ranker:
    """Return the entry or combination of that name; raises `SettingsError` with the nearest."""
    name = name.strip()
    if name in table:
        return table[name]
    family, colon, rest = name.partition(":")
    rest = rest.strip()
    if family == "hybrid" and rest:
        return Combined("hybrid", (parse(rest, table, families),))
    for how, joint in _JOINTS:
        if family == how and colon:
            parts = rest.split(joint)
            if len(parts) < 2:
                raise SettingsError(f"{name!r} needs two rerankers: {how}:A{joint}B")
            return Combined(how, tuple(parse(part, table, families) for part in parts))
    if family in families and rest:
        return families[family](rest)
    raise SettingsError(_unknown(name, table, families))


def _unknown(name: str, table: Mapping[str, Ranker], families: Families) -> str:
    shapes = [f"{family}:MODEL" for family in families]
    shapes += ["hybrid:NAME", "cascade:A>B", "rrf:A+B"]
    known = {known.lower(): known for known in table}
    near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
    hint = f"; did you mean {known[near[0]]}? There" if near else "; there"
    return f"unknown reranker {name!r}{hint} are auto, {', '.join((*table, *shapes))}"
