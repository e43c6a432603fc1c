"""Whether each sentence of an answer cites a passage, and whether that passage supports it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

from rag.types import Answer

DETAIL = "checks"
Verdict = Literal["uncited", "doubtful"]


@dataclass(frozen=True, slots=True)
class Check:
    """A sentence of an answer that is worth a second look.

    ``start`` and ``end`` are its characters in the answer's text; ``why`` says in words what is
    missing, ``by`` who says so.
    """

    start: int
    end: int
    verdict: Verdict
    why: str
    by: str = ""


def checks_of(answer: Answer) -> tuple[Check, ...]:
    """Return the checks that an answer carries in its details."""
    stored = answer.details.get(DETAIL)
    return tuple(Check(**one) for one in json.loads(str(stored))) if stored else ()


def as_detail(checks: Iterable[Check]) -> str:
    """Return checks as an answer's details keep them."""
    return json.dumps([asdict(check) for check in checks], ensure_ascii=False)
