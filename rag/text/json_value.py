"""JSON from outside, with limits: a byte of it can become fifty bytes of memory."""

from __future__ import annotations

import json
from typing import Any

MOST_VALUES = 10_000_000  # up to 600 MB; a thousand questions through four pipelines make 4


def json_value(text: str | bytes) -> Any:
    """Return what JSON stands for; raises `ValueError` that says why it cannot be read."""
    signs = ("[", "{", ",") if isinstance(text, str) else (b"[", b"{", b",")
    if sum(map(text.count, signs)) > MOST_VALUES:  # type: ignore[arg-type]
        raise ValueError(f"it holds more than {MOST_VALUES:,} values")
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(f"it is not JSON ({error})") from None
    except RecursionError:
        raise ValueError("its JSON is nested too deep") from None
