"""Successive halving: few questions for all configurations, more for those that do well.

Jamieson and Talwalkar, "Non-stochastic best arm identification" (AISTATS 2016), with questions as
the resource. Each round keeps a third and asks three times as many questions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FACTOR = 3
FEWEST = 12  # questions of the first round: fewer would drop good configurations by chance


@dataclass(frozen=True, slots=True)
class SweepRound:
    """How many configurations are asked, and how many questions in all, earlier ones included."""

    configurations: int
    questions: int


def rounds(configurations: int, questions: int) -> list[SweepRound]:
    """Return the rounds of a halving; the last one asks every question.

    One round, which is a grid, if there are too few questions or configurations for more.
    """
    by_questions = math.log(max(1.0, questions / FEWEST), FACTOR)
    by_configurations = math.log(max(1.0, configurations / 2), FACTOR)
    count = 1 + math.floor(min(by_questions, by_configurations) + 1e-9)
    return [
        SweepRound(
            math.ceil(configurations / FACTOR**i), math.ceil(questions / FACTOR ** (count - 1 - i))
        )
        for i in range(count)
    ]


def best(means: Mapping[str, float], keep: int, always: Sequence[str]) -> list[str]:
    """Return the ``keep`` configurations with the highest means, and those that ``always`` stay.

    They come in the order of ``means``; of equal ones the first are kept.
    """
    ordered = sorted(means, key=lambda key: -means[key])
    kept = {*ordered[:keep], *always}
    return [key for key in means if key in kept]
