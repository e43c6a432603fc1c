"""Versions of rerankers that were trained on a library's judgements, and those it has adopted.

There are two sources, each with a class of `Versions`: learned weights and tuned cross-encoders.
What a library has adopted is one list; `auto` takes the last of it.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeVar, get_args

from rag.errors import NotThere, RerankError
from rag.settings import Settings
from rag.store.facts import facts_of

Source = Literal["learned", "tuned"]

ADOPTED = "adopted"  # a fact of the library
BEFORE = "learned"  # had the list until there were tuned versions
_VERSION = re.compile(rf"({'|'.join(get_args(Source))}):([1-9]\d{{0,8}})")


class TrainedVersion(Protocol):
    """What every version has.

    ``gain`` is the difference of nDCG@10 to the pipeline of then on questions that it was not
    trained on, with its interval; ``shown`` is whether the test shows a gain.
    """

    @property
    def version(self) -> int:
        """Its number, from 1."""

    @property
    def name(self) -> str:
        """The set of questions that it was trained on."""

    @property
    def questions(self) -> int:
        """How many judged questions that were."""

    @property
    def made(self) -> str:
        """When, as ISO 8601."""

    @property
    def gain(self) -> tuple[float, float, float]:
        """Mean, low and high."""

    @property
    def shown(self) -> bool:
        """Whether it can be adopted."""

    @property
    def reranker(self) -> str:
        """The name of the reranker that ranks as it was measured, once it is adopted."""


V = TypeVar("V", bound=TrainedVersion)


class Adoptions:
    """The list of one library: names such as ``learned:3``."""

    def __init__(self, settings: Settings) -> None:
        self._facts = facts_of(settings)

    def all(self) -> list[str]:
        """Return the adopted versions, the one in use last; raises `RerankError`."""
        try:
            return self._names(self._facts.read(ADOPTED))
        except (OSError, ValueError, TypeError) as error:
            raise RerankError(
                f"{ADOPTED}.json of the library cannot be read ({error}); delete it"
            ) from None

    def numbers(self, source: Source) -> list[int]:
        """Return the adopted versions of one source, the last one last."""
        pairs = (name.split(":") for name in self.all())
        return [int(number) for one, number in pairs if one == source]

    def last(self) -> tuple[str, int] | None:
        """Return the source and the number of the version in use, None if there is none."""
        names = self.all()
        source, _, number = names[-1].partition(":") if names else ("", "", "0")
        return (source, int(number)) if names else None

    def adopt(self, source: Source, number: int) -> None:
        """Put a version on the end of the list."""
        name = f"{source}:{number}"
        self._facts.change(
            ADOPTED, lambda held: [*(one for one in self._names(held) if one != name), name]
        )

    def back(self, source: Source) -> None:
        """Take the last version of a source off the list; raises `NotThere` if there is none."""

        def without(held: Any) -> list[str]:
            names = self._names(held)
            own = [name for name in names if name.startswith(f"{source}:")]
            if not own:
                raise NotThere(f"no {source} version is in use")
            names.remove(own[-1])
            return names

        self._facts.change(ADOPTED, without)

    def _names(self, held: Any) -> list[str]:
        if held is None:
            return self._before()
        if not all(_VERSION.fullmatch(name) for name in held):
            raise ValueError("it names something else")
        return list(held)

    def _before(self) -> list[str]:
        """Return the list of a library that only knew learned versions."""
        try:
            held = self._facts.read(BEFORE)
            numbers = () if held is None else held["adopted"]
            return [f"learned:{int(number)}" for number in numbers]
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise RerankError(
                f"{BEFORE}.json of the library cannot be read ({error}); delete it"
            ) from None


class Versions(ABC, Generic[V]):
    """The versions of one library and source."""

    source: ClassVar[Source]

    def __init__(self, settings: Settings) -> None:
        self._facts = facts_of(settings)
        self._adoptions = Adoptions(settings)

    @abstractmethod
    def all(self) -> list[V]:
        """Return every version that is kept, oldest first; raises `RerankError`."""

    def version(self, number: int) -> V:
        """Return a version; raises `NotThere`."""
        kept = self.all()
        for one in kept:
            if one.version == number:
                return one
        there = ", ".join(str(one.version) for one in kept) or "none"
        raise NotThere(f"there is no {self.source} version {number} (there are {there})")

    def adopted(self) -> V | None:
        """Return the version that was adopted last, None if there is none."""
        numbers = self.used()
        return self.version(numbers[-1]) if numbers else None

    def used(self) -> list[int]:
        """Return the numbers of the adopted versions, the last one last."""
        return self._adoptions.numbers(self.source)

    def adopt(self, number: int) -> V:
        """Have a version rank from now on; raises `NotThere`."""
        found = self.version(number)
        self._adoptions.adopt(self.source, number)
        return found

    def back(self) -> V | None:
        """Take the last adoption back; return the version that ranks now. Raises `NotThere`."""
        self._adoptions.back(self.source)
        return self.adopted()
