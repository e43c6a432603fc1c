"""Which of two interleaved pipelines readers prefer, from the credits of their passages."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

from rag.evaluate.measures.statistics import ALPHA, FEWEST, LEVEL, Interval, binomial_p
from rag.text.plural import plural


@dataclass(frozen=True, slots=True)
class TeamCredits:
    """What one question gave each team's passages."""

    first: int
    second: int


@dataclass(frozen=True, slots=True)
class TeamResult:
    """Two pipelines over the questions that were interleaved.

    ``wins`` are questions in which the ``second`` one had more credits, ``losses`` those in which
    the ``first`` one had; ``ties`` had as many, and ``silent`` none at all. ``share`` is the share
    of wins among decided questions with Wilson's interval, ``p`` that of the sign test.
    """

    first: str
    second: str
    wins: int
    losses: int
    ties: int
    silent: int

    @property
    def questions(self) -> int:
        """How many were interleaved."""
        return self.wins + self.losses + self.ties + self.silent

    @property
    def share(self) -> Interval:
        """The share of decided questions that the second pipeline won."""
        return wilson(self.wins, self.wins + self.losses)

    @property
    def p(self) -> float:
        """How likely so uneven a count is if readers prefer neither."""
        return binomial_p(self.wins, self.losses)

    @property
    def sentence(self) -> str:
        """The result for everybody."""
        decided = self.wins + self.losses
        counts = (
            f"{self.second} won {plural(self.wins, 'question')}, {self.first} "
            f"{self.losses}, of {self.questions} that were interleaved"
        )
        if decided and self.p < ALPHA:
            better = self.second if self.wins > self.losses else self.first
            return f"{counts}: readers prefer {better}."
        if decided < FEWEST:
            return f"{counts}: {plural(decided, 'decided question')} can show no difference."
        return f"{counts}: no difference is shown."


def result(first: str, second: str, credits: Iterable[TeamCredits]) -> TeamResult:
    """Count the questions that each pipeline won."""
    held = list(credits)
    decided = [one for one in held if one.first != one.second]
    wins = sum(one.second > one.first for one in decided)
    silent = sum(one.first == one.second == 0 for one in held)
    ties = len(held) - len(decided) - silent
    return TeamResult(first, second, wins, len(decided) - wins, ties, silent)


def wilson(wins: int, of: int) -> Interval:
    """Return a share with Wilson's score interval (1927), which holds for few and for none."""
    if not of:
        return Interval(math.nan, math.nan, math.nan)
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    share, scale = wins / of, 1 + z * z / of
    middle = (share + z * z / (2 * of)) / scale
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / scale
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half))
