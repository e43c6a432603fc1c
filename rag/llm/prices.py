"""What a call cost, from a table of prices that the user can replace (``prices.toml``)."""

from __future__ import annotations

import functools
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from rag.errors import SettingsError
from rag.settings import Settings
from rag.types import Scalar

BUILT_IN = Path(__file__).with_name("prices.toml")
_FIELDS = {"per_search", "per_million_tokens", "input", "output"}


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Kind ("rerank", "llm") → pattern of a name → price; ``date`` is when it was last edited."""

    kinds: Mapping[str, Mapping[str, dict[str, float]]]
    date: str = ""


def rerank_cost(settings: Settings, name: str, searches: float, tokens: float) -> float | None:
    """Return dollars for searches or tokens of ``name`` ("cohere:rerank-v3.5"), None if unknown."""
    price = _price(settings, "rerank", name)
    # A provider that charges by the token and reports none: what it cost is not known.
    if price is None or (price.get("per_million_tokens") and not tokens):
        return None
    return (
        price.get("per_search", 0.0) * searches
        + price.get("per_million_tokens", 0.0) * tokens / 1e6
    )


def rerank_prices(settings: Settings, searches: float, tokens: float) -> dict[str, float]:
    """Return what each reranker of the table charges for so many searches and tokens, in dollars.

    Those that charge nothing are left out: their price is that of the machine they run on.
    """
    names = _read(settings).kinds.get("rerank", {})
    found = {name: rerank_cost(settings, name, searches, tokens) for name in names}
    return {name: cost for name, cost in found.items() if cost}


def price_date(settings: Settings) -> str:
    """Return the date that the table of prices names, "" without one."""
    return _read(settings).date


def llm_cost(settings: Settings, model: str, prompt: float, completion: float) -> float | None:
    """Return dollars for the tokens that a model read and wrote, None if unknown."""
    price = _price(settings, "llm", model)
    if price is None:
        return None
    return (price.get("input", 0.0) * prompt + price.get("output", 0.0) * completion) / 1e6


def spent(details: Iterable[Mapping[str, Scalar]]) -> float | None:
    """Return what stages or answers cost in dollars, None if one of them is not known.

    A stage that called no server cost nothing.
    """
    total = 0.0
    for one in details:
        cost = one.get("cost_usd")
        if isinstance(cost, int | float):
            total += cost
        elif one.get("calls") or one.get("prompt_tokens"):
            return None
    return total


def dollars(cost: float | None) -> str:
    """Write what something cost, to two figures below ten cents."""
    if cost is None:
        return "not known"
    if cost == 0 or cost >= 0.095:
        return f"${cost:,.2f}" if cost else "$0"
    places = 1 - math.floor(math.log10(cost))
    return f"${cost:.{places}f}"


def _price(settings: Settings, kind: str, name: str) -> dict[str, float] | None:
    table = _read(settings).kinds.get(kind, {})
    fits = [pattern for pattern in table if fnmatchcase(name, pattern)]
    return table[max(fits, key=len)] if fits else None


def _read(settings: Settings) -> PriceTable:
    path = Path(settings.prices).expanduser() if settings.prices else BUILT_IN
    try:
        return _table(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise SettingsError(f"option prices: {path} cannot be read ({error.strerror})") from None


@functools.lru_cache(maxsize=4)
def _table(path: Path, _changed: int) -> PriceTable:
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
        date = str(table.pop("date", ""))
        for lines in table.values():
            for name, price in lines.items():
                if set(price) - _FIELDS or not all(float(p) >= 0 for p in price.values()):
                    raise ValueError(f"{name}: a price has {', '.join(sorted(_FIELDS))}, from 0 up")
    except (ValueError, AttributeError, TypeError) as error:
        raise SettingsError(f"option prices: {path} is no table of prices ({error})") from None
    return PriceTable(table, date)
