"""Which learned or tuned versions a library has adopted, in order; `auto` takes the last."""

from __future__ import annotations

import re
from typing import Any, Literal

from rag.errors import NotThere, RerankError
from rag.settings import Settings
from rag.store.facts import facts_of

Source = Literal["learned", "tuned"]

ADOPTED = "adopted"  # a fact of the library
BEFORE = "learned"  # had the list until there were tuned versions
_VERSION = re.compile(r"(learned|tuned):([1-9]\d{0,8})")


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
