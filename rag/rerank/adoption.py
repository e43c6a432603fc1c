"""Which learned or tuned versions a library has adopted, in order; `auto` takes the last."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path
from typing import Literal

from rag.errors import NotThere, RerankError

Source = Literal["learned", "tuned"]

FILE = "adopted.json"
BEFORE = "learned.json"  # had the list until there were tuned versions
_VERSION = re.compile(r"(learned|tuned):([1-9]\d{0,8})")
_changing = threading.Lock()


class Adoptions:
    """The list of one library, in its folder: names such as ``learned:3``."""

    def __init__(self, library: Path) -> None:
        self._library = library

    def all(self) -> list[str]:
        """Return the adopted versions, the one in use last; raises `RerankError`."""
        path = self._library / FILE
        try:
            names = json.loads(path.read_text("utf-8"))
            if not all(_VERSION.fullmatch(name) for name in names):
                raise ValueError("it names something else")
        except FileNotFoundError:
            return self._before()
        except (OSError, ValueError, TypeError) as error:
            raise RerankError(
                f"{FILE} of the library cannot be read ({error}); delete it"
            ) from None
        return list(names)

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
        with _changing:
            name = f"{source}:{number}"
            self._write([*(one for one in self.all() if one != name), name])

    def back(self, source: Source) -> None:
        """Take the last version of a source off the list; raises `NotThere` if there is none."""
        with _changing:
            names = self.all()
            own = [name for name in names if name.startswith(f"{source}:")]
            if not own:
                raise NotThere(f"no {source} version is in use")
            names.remove(own[-1])
            self._write(names)

    def _before(self) -> list[str]:
        """Return the list of a library that only knew learned versions."""
        try:
            held = json.loads((self._library / BEFORE).read_text("utf-8"))
            return [f"learned:{int(number)}" for number in held["adopted"]]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise RerankError(
                f"{BEFORE} of the library cannot be read ({error}); delete it"
            ) from None

    def _write(self, names: list[str]) -> None:
        aside = self._library / f"{FILE}.tmp"
        aside.write_text(json.dumps(names), "utf-8")
        aside.replace(self._library / FILE)
