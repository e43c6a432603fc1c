"""Rerankers that were trained on a library's judgements: adopt a version, and go back.

Training changes nothing. A version ranks once it is adopted (`auto` takes it then), and only one
whose gain on questions that it was not trained on is shown can be. `learning` and `tuning` are the
two kinds; each has a `TrainedKind` and says how its versions are made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Generic

from rag.errors import NotThere, RanklensError
from rag.evaluate.fitting.learned import Learning
from rag.evaluate.fitting.tuned import Tuning
from rag.evaluate.measures.statistics import Difference
from rag.evaluate.reports.learned import few
from rag.rerank.adoption import Source, TrainedVersion, V, Versions
from rag.settings import Settings
from ranklens import policy

if TYPE_CHECKING:
    from ranklens.library import Library


__all__ = ["TrainedKind", "TrainedVersion", "measured", "outside"]


@dataclass(frozen=True, slots=True)
class TrainedKind(Generic[V]):
    """One kind of reranker: how it is called, and where its versions are.

    ``source`` is the name of the reranker, ``command`` the command line's, ``unseen`` what the
    measured questions were kept from.
    """

    source: Source
    command: str
    unseen: str
    held: Callable[[Settings], Versions[V]]

    def versions(self, library: Library) -> list[V]:
        """Return the versions that a library keeps, oldest first."""
        policy.require(library.visitor, "pipelines")
        return self.held(library.settings).all()

    def adopted(self, library: Library) -> V | None:
        """Return the version that ranks if `auto` or this kind is the reranker."""
        return self.held(library.settings).adopted()

    def adopt(self, library: Library, number: int | None = None) -> V:
        """Have a version rank, the newest without a number.

        Raises `NotThere`, and `RanklensError` if cross-validation showed no gain of it.
        """
        policy.require(library.visitor, "pipelines")
        held = self.held(library.settings)
        if number is None and not (kept := held.all()):
            raise NotThere(
                f"nothing has been {self.source} here yet; `ranklens {self.command} SET` does"
            )
        chosen = kept[-1] if number is None else held.version(number)
        if not chosen.shown:
            mean, low, high = chosen.gain
            raise RanklensError(
                f"version {chosen.version} is not adopted: no gain was shown on questions that it "
                f"was not {self.unseen} ({mean:+.3f}, 95 % interval {low:+.3f} to {high:+.3f})"
            )
        found = held.adopt(chosen.version)
        library.note(f"adopted the {self.source} reranker", f"version {chosen.version}")
        return found

    def back(self, library: Library) -> V | None:
        """Take the last adoption back; return the version that ranks now, None for no version.

        Raises `NotThere` if none is in use.
        """
        policy.require(library.visitor, "pipelines")
        held = self.held(library.settings)
        found = held.back()
        now = found.version if found else "none"
        library.note(f"took back the {self.source} reranker", f"now {now}")
        return found


def measured(held_out: Difference) -> dict[str, Any]:
    """Return what a version keeps of its figures."""
    span = held_out.interval
    return {"gain": (span.mean, span.low, span.high), "shown": held_out.gained}


def outside(version: Any, found: Learning | Tuning, worth: str, seconds: float) -> dict[str, Any]:
    """Return what every kind shows other programs, as JSON's own types."""
    return {
        "version": asdict(version),
        "held_out": asdict(found.held_out),
        "curve": [asdict(point) for point in found.curve],
        "worth": worth,
        "warning": few(found.questions).strip(),
        "seconds": seconds,
    }
