"""What a sweep is to measure: factors with their values, configurations, and who chooses.

Questions are split by a digest of their words. So a question stays in its half for good, whatever
set it is in: what was ever used for choosing never measures what was chosen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Literal

from rag.errors import RanklensError, SettingsError
from rag.evaluate.data import Question
from rag.evaluate.judgements.record import same_words
from rag.evaluate.sweeps.quality import EVIDENCE, FOUND
from rag.settings import SHAPES_ANSWER, SHAPES_RANKING, Settings, from_visitor
from rag.settings.models import names_folder
from rag.text.plural import plural
from rag.types import Scalar

INDEX = ("encoder", "chunk_tokens", "chunk_overlap")
"""Options that need another index."""
FEWEST = 4  # questions in a half
MOST = 300  # configurations
AFTER_RANKING = ("widen", "top", "threshold")
Factors = Mapping[str, tuple[Scalar, ...]]
"""Option → its values, the present one first."""
Method = Literal["halving", "grid"]


@dataclass(frozen=True, slots=True)
class SweptConfiguration:
    """One combination: a value for each factor."""

    values: Mapping[str, Scalar]

    @property
    def key(self) -> str:
        """Twelve hexadecimal digits that name it."""
        return digest(dict(self.values))[:12]

    @property
    def name(self) -> str:
        """The factors with their values, as a pipeline is written."""
        return ", ".join(f"{name}={_written(value)}" for name, value in self.values.items())

    @property
    def index(self) -> dict[str, Scalar]:
        """The options that need another index."""
        return {name: value for name, value in self.values.items() if name in INDEX}

    @property
    def ranking(self) -> dict[str, Scalar]:
        """The options of a pipeline."""
        return {name: value for name, value in self.values.items() if name not in INDEX}


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """A sweep: the question set's ``name``, factors, and the ids of both halves in a fixed order.

    ``base`` are the settings in which all configurations agree, and a digest of the documents and
    judged spans: a sweep goes on only if these are the same.
    """

    name: str
    factors: Factors
    choosing: tuple[str, ...]
    testing: tuple[str, ...]
    method: Method
    measure: str
    base: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SweepPlan:
        """Return a plan that was written as JSON; raises TypeError or KeyError."""
        factors = {name: tuple(values) for name, values in data["factors"].items()}
        halves = {name: tuple(data[name]) for name in ("choosing", "testing")}
        return cls(**{**data, **halves, "factors": factors})

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits that name the sweep."""
        parts = [self.name, self.factors, self.choosing, self.testing, self.method, self.measure]
        return digest([*parts, dict(self.base)])[:12]

    @property
    def configurations(self) -> list[SweptConfiguration]:
        """Every combination, the present one first, those of one index together."""
        names = sorted(self.factors, key=lambda name: name not in INDEX)
        values = [self.factors[name] for name in names]
        return [
            SweptConfiguration(dict(zip(names, some, strict=True))) for some in product(*values)
        ]


def factors(settings: Settings, tried: Mapping[str, Sequence[Any]], *, owner: bool) -> Factors:
    """Return the factors with their present values in front, as the settings write them.

    ``owner`` may try every option that shapes a ranking, a visitor those that visitors may set, and
    encoders that are no folder. Raises `SettingsError` that names a wrong option or value.
    """
    if not tried:
        raise SettingsError("name what to try, such as chunk_tokens=100,300 or pool=20,100")
    shaping = {*settings.shaping(SHAPES_RANKING, SHAPES_ANSWER)} | {*INDEX}
    found: dict[str, tuple[Scalar, ...]] = {}
    for name, values in tried.items():
        if name in type(settings).model_fields and name not in shaping:
            raise SettingsError(f"option {name} cannot be swept: it shapes no ranking")
        for value in values:
            _check(settings, name, value, owner)
        given = [_canonical(settings.updated(**{name: _none(value)}), name) for value in values]
        found[name] = tuple(dict.fromkeys([_canonical(settings, name), *given]))
    _refuse_many(found)
    return found


def halves(questions: Sequence[Question]) -> tuple[list[str], list[str]]:
    """Return the ids of the questions that choose, and of those that never do, in a fixed order.

    Raises `RanklensError` if there are too few.
    """
    named = sorted((digest(same_words(q.text).casefold()), q.id) for q in questions)
    choosing = [key for name, key in named if int(name[-1], 16) % 2 == 0]
    testing = [key for name, key in named if int(name[-1], 16) % 2]
    if min(len(choosing), len(testing)) < FEWEST:
        judged = plural(len(questions), "judged question")
        raise RanklensError(
            f"{judged} give {len(choosing)} to choose by and {len(testing)} to test on; a sweep "
            f"needs {FEWEST} of each: judge more questions"
        )
    return choosing, testing


def measured_by(factors: Factors, wanted: str) -> str:
    """Return the measure that chooses: of the evidence if a factor changes only that."""
    if wanted != "auto":
        return wanted
    return EVIDENCE if any(name in AFTER_RANKING for name in factors) else FOUND


def digest(data: Any) -> str:
    """Return a SHA-256 of JSON's own types."""
    canonical = json.dumps(data, sort_keys=True, ensure_ascii=False, default=list)
    return hashlib.sha256(canonical.encode("utf-8", "replace")).hexdigest()


def _check(settings: Settings, name: str, value: Any, owner: bool) -> None:
    if owner:
        return
    if name not in INDEX:
        from_visitor(settings, {name: value})
    elif name == "encoder" and value != settings.encoder and names_folder(str(value)):
        raise SettingsError("option encoder: a model in a folder can be swept on the command line")


def _canonical(settings: Settings, name: str) -> Scalar:
    value: Scalar = settings.model_dump(mode="json", include={name})[name]
    return value


def _refuse_many(found: Factors) -> None:
    count = 1
    for values in found.values():
        count *= len(values)
    if count > MOST:
        raise SettingsError(
            f"these factors make {count:,} configurations; {MOST} are the most: try fewer values"
        )
    if count < 2:
        raise SettingsError("the only values are the present ones; name others to try")


def _none(value: Any) -> Any:
    return None if value == "" else value


def _written(value: Scalar) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
