"""List-wise reranking by an LLM: it reads passages together and writes their order.

RankGPT (Sun et al., "Is ChatGPT Good at Search?", EMNLP 2023): a pool that is longer than the
window is read from its end, the window moving up by a step, so that good passages rise.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field

from rag.errors import RerankError
from rag.llm.reply import Reply
from rag.rerank.base import Entry, Scores
from rag.rerank.llm import LLMRanker, llm_entry
from rag.settings import Settings
from rag.types import Scalar

NAME = "llm-listwise"
_MARKED = re.compile(r"\[\s*(\d{1,4})\s*\]")
_NUMBER = re.compile(r"(?<![\w.])\d{1,4}(?![\w.]*\w)")


@dataclass(frozen=True, slots=True)
class Order:
    """An order of 0-based rows, and how many numbers had to be repaired."""

    rows: tuple[int, ...]
    repeated: int = 0
    out_of_range: int = 0
    left_out: int = 0


class Listwise:
    """Scores fall from 1 by the place in the order: (n - place) / n."""

    listwise = True

    def __init__(self, settings: Settings, model: str = "") -> None:
        self._ranker = LLMRanker(NAME, settings, model)
        self._window = settings.rerank_window
        self._step = max(1, self._window // 2)
        self.identity = f"{self._ranker.identity} {self._window}"

    def instructed(self, instruction: str) -> Listwise:
        """Return this reranker, bound to an instruction."""
        made = copy(self)
        made._ranker = self._ranker.instructed(instruction)
        made.identity = f"{made._ranker.identity} {self._window}"
        return made

    def score(self, query: str, texts: Sequence[str]) -> Scores:
        """Return one score a text; raises `RerankError` if a reply is no order."""
        if len(texts) < 2:
            return Scores([1.0] * len(texts))
        model = self._ranker.model
        run = _Run(time.monotonic() + model.seconds)
        order = list(range(len(texts)))
        for start, end in windows(len(texts), self._window, self._step):
            rows = order[start:end]
            ranked = self._ordered(query, [texts[row] for row in rows], run)
            order[start:end] = [rows[place] for place in ranked]
        places = {row: place for place, row in enumerate(order)}
        scores = [(len(texts) - places[row]) / len(texts) for row in range(len(texts))]
        return Scores(scores, model.used(run.replies) | run.repairs)

    def _ordered(self, query: str, texts: Sequence[str], run: _Run) -> tuple[int, ...]:
        model = self._ranker.model
        system, user = self._ranker.prompt(query, texts, f"Order all {len(texts)} passages.")
        reply = model.chat(system, user, run.ends - time.monotonic())
        run.replies.append(reply)
        order = read_order(reply.text, len(texts))
        if order is None:
            raise RerankError(
                f"{model.model} wrote no order of the passages: "
                f"{model.endpoint.clean(reply.text) or reply.problem}"
            )
        run.count(order)
        return order.rows


@dataclass(slots=True)
class _Run:
    """The replies about one question so far, and what had to be repaired in them."""

    ends: float
    replies: list[Reply] = field(default_factory=list)
    repairs: dict[str, Scalar] = field(default_factory=dict)

    def count(self, order: Order) -> None:
        for name in ("repeated", "out_of_range", "left_out"):
            if found := getattr(order, name):
                self.repairs[name] = int(self.repairs.get(name) or 0) + found


def windows(count: int, size: int, step: int) -> list[tuple[int, int]]:
    """Return (start, end) of the windows over a list, from its end to its beginning."""
    found = []
    end = count
    while True:
        start = max(0, end - size)
        found.append((start, end))
        if start == 0:
            return found
        end -= step


def read_order(answer: str, count: int) -> Order | None:
    """Return the order that an answer means, None if its intent is not clear.

    Read are ``[2] > [1]``, a JSON list (also under any key) and plain numbers between commas,
    ``>`` or line breaks. What is repeated or out of range is dropped, what is left out follows in
    the old order. The intent is clear if at least half of the passages are named and most numbers
    are numbers of passages.
    """
    numbers = _numbers(answer)
    valid = list(dict.fromkeys(n - 1 for n in numbers if 1 <= n <= count))
    outside = sum(not 1 <= n <= count for n in numbers)
    if len(valid) * 2 < count or outside > len(valid):
        return None
    rest = [row for row in range(count) if row not in set(valid)]
    return Order((*valid, *rest), len(numbers) - outside - len(valid), outside, len(rest))


def _numbers(answer: str) -> list[int]:
    if marked := _MARKED.findall(answer):
        # A model that reasons aloud writes the order last.
        chains = re.findall(r"(?:\[\s*\d+\s*\][\s>,=]*){2,}", answer)
        return [int(n) for n in (_MARKED.findall(max(chains, key=len)) if chains else marked)]
    for found in re.findall(r"\[[^\[\]]*\]", answer):
        try:
            return [int(n) for n in json.loads(found)]
        except (ValueError, TypeError):
            continue
    # "1. 3" on a line of its own means the third passage in the first place.
    lines = re.findall(r"^[^\S\n]*\d+[.)]\s+(?:passage\s*)?(\d+)\b", answer, re.MULTILINE | re.I)
    if len(lines) > 1:
        return [int(n) for n in lines]
    if len(re.findall(r"[^\W\d_]{2,}", answer)) > 12:  # prose with numbers in it is no order
        return []
    return [int(n) for n in _NUMBER.findall(answer)]


def llm_listwise(model: str = "") -> Entry:
    """Return the line for list-wise reranking by a model, the settings' one if empty."""
    summary = "An LLM reads the passages together and writes their order (RankGPT)."
    return llm_entry(NAME, model, summary, "place in the order", Listwise)
