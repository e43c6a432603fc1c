"""Point-wise reranking by an LLM: it reads each passage alone and rates it, many at a time."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Sequence
from copy import copy
from functools import partial

from rag.errors import RerankError
from rag.llm.calls import side_by_side
from rag.llm.reply import Reply
from rag.rerank.base import Entry, Scores
from rag.rerank.llm import LLMRanker, llm_entry
from rag.settings import Settings
from rag.types import Scalar

NAME = "llm-pointwise"
MOST_UNJUDGED = 0.2
_RATING = re.compile(r"(?<![\w.,-])(-?\d+(?:[.,]\d+)?)\s*(%|/\s*(\d+)|out of (\d+))?")


class Pointwise:
    """Scores are relevances, 0..1."""

    def __init__(self, settings: Settings, model: str = "") -> None:
        self._ranker = LLMRanker(NAME, settings, model)
        self._workers = settings.rerank_concurrency
        self.identity = self._ranker.identity

    def instructed(self, instruction: str) -> Pointwise:
        """Return this reranker, bound to an instruction."""
        made = copy(self)
        made._ranker = self._ranker.instructed(instruction)
        made.identity = made._ranker.identity
        return made

    def score(self, query: str, texts: Sequence[str]) -> Scores:
        """Return one relevance a text.

        A passage whose reply is no rating, twice, gets the median of the others; if more than a
        fifth have none, raises `RerankError`.
        """
        if not texts:
            return Scores([])
        model = self._ranker.model
        ends = time.monotonic() + model.seconds
        calls = [partial(self._judged, query, text, ends) for text in texts]
        answers = side_by_side(calls, self._workers)
        ratings = [rating for rating, _ in answers]
        known = [rating for rating in ratings if rating is not None]
        unjudged = len(ratings) - len(known)
        replies = [reply for _, of_one in answers for reply in of_one]
        if unjudged > MOST_UNJUDGED * len(texts):
            unread = answers[ratings.index(None)][1][-1]
            raise RerankError(
                f"{model.model} rated only {len(known)} of {len(texts)} passages; instead of a "
                f"number it wrote: {model.endpoint.clean(unread.text) or unread.problem}"
            )
        middle = statistics.median(known)
        details: dict[str, Scalar] = {"unjudged": unjudged} if unjudged else {}
        scores = [middle if rating is None else rating for rating in ratings]
        return Scores(scores, model.used(replies) | details)

    def _judged(self, query: str, text: str, ends: float) -> tuple[float | None, list[Reply]]:
        system, user = self._ranker.prompt(query, [text], "Rate the passage from 0 to 100.")
        replies: list[Reply] = []
        for _ in range(2):
            replies.append(self._ranker.model.chat(system, user, ends - time.monotonic()))
            rating = read_rating(replies[-1].text)
            if rating is not None:
                return rating, replies
        return None, replies


def read_rating(answer: str) -> float | None:
    """Return the relevance (0..1) that an answer means, None if its intent is not clear.

    The prompt asks for 0 to 100. Also read are fractions (``8/10``), percentages and a number of at
    most 1 with a decimal point, which is the relevance itself. A longer text counts if it holds one
    number only, or ends in ``rating: 80``.
    """
    found = list(_RATING.finditer(answer))
    if len(found) > 1:
        found = list(re.finditer(_RATING.pattern + r"\W*$", answer)) if ":" in answer else []
    if len(found) != 1:
        return None
    number, sign, below, out_of = found[0].groups()[:4]
    value = float(number.replace(",", "."))
    whole = float(below or out_of or (100 if sign or not _is_fraction(number, value) else 1))
    return value / whole if whole and 0 <= value <= whole else None


def _is_fraction(number: str, value: float) -> bool:
    return value <= 1 and ("." in number or "," in number)


def llm_pointwise(model: str = "") -> Entry:
    """Return the line for point-wise reranking by a model, the settings' one if empty."""
    summary = "An LLM rates each passage by itself, several at a time."
    return llm_entry(NAME, model, summary, "relevance", Pointwise)
