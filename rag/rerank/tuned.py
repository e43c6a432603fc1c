"""Cross-encoders that were tuned on a library's judgements: versions, and the one that ranks.

`rag.models.training` makes the weights, `ranklens.tuning` measures them. Each version is a folder
below `tuned/` in the library's folder, which holds a model as `cross-encoder` loads it, a model
card and `version.json`.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from rag.errors import NotThere, RerankError
from rag.models.encoder import Reading
from rag.models.load import load_cross
from rag.rerank.adoption import Adoptions
from rag.rerank.base import Context, Entry, Scores
from rag.rerank.cross_encoder import CrossEncoder
from rag.settings import Settings
from rag.types import Scalar

FOLDER, FACTS, CARD = "tuned", "version.json", "README.md"
KEPT = 5  # versions, beside those that are adopted
_changing = threading.Lock()


@dataclass(frozen=True, slots=True)
class TunedVersion:
    """One version: what it was tuned from and on, and what it gains.

    ``gain`` is the difference of nDCG@10 to the pipeline of then on questions that were not trained
    on, with its interval; ``shown`` is whether the test shows a gain. ``way`` is the reranker that
    it was measured as; it ends in ``tuned``, which stands for this version (``hybrid:tuned``).
    """

    base: str
    name: str
    questions: int
    made: str
    gain: tuple[float, float, float]
    shown: bool
    way: str
    options: Mapping[str, Any] = field(default_factory=dict)
    version: int = 0

    @property
    def reranker(self) -> str:
        """The name of the reranker that ranks as it was measured, with the version in it."""
        return f"{self.way}:{self.version}"


class TunedVersions:
    """The versions of one library, in its folder."""

    def __init__(self, library: Path) -> None:
        self._folder = library / FOLDER
        self._adoptions = Adoptions(library)

    def all(self) -> list[TunedVersion]:
        """Return every version that is kept, oldest first; raises `RerankError`."""
        found = [_read(path) for path in self._folder.glob(f"*/{FACTS}")]
        return sorted(found, key=lambda one: one.version)

    def adopted(self) -> TunedVersion | None:
        """Return the version that was adopted last, None if there is none."""
        numbers = self._adoptions.numbers("tuned")
        return self.version(numbers[-1]) if numbers else None

    def version(self, number: int) -> TunedVersion:
        """Return a version; raises `NotThere`."""
        path = self.folder(number) / FACTS
        if number < 1 or not path.is_file():
            there = ", ".join(str(one.version) for one in self.all()) or "none"
            raise NotThere(f"there is no tuned version {number} (there are {there})")
        return _read(path)

    def folder(self, number: int) -> Path:
        """Return the folder of a version's model."""
        return self._folder / str(number)

    def add(self, version: TunedVersion, model: Path, card: str) -> TunedVersion:
        """Move a model here as a new version, which nothing uses yet; return it with its number."""
        with _changing:
            made = replace(version, version=max((one.version for one in self.all()), default=0) + 1)
            (model / CARD).write_text(card.replace("{version}", str(made.version)), "utf-8")
            (model / FACTS).write_text(json.dumps(asdict(made), indent=1), "utf-8")
            self._folder.mkdir(exist_ok=True)
            model.replace(self.folder(made.version))
            used = self._adoptions.numbers("tuned")
            for one in [one for one in self.all() if one.version not in used][:-KEPT]:
                shutil.rmtree(self.folder(one.version), ignore_errors=True)
        return made

    def adopt(self, number: int) -> TunedVersion:
        """Have a version rank from now on; raises `NotThere`."""
        found = self.version(number)
        self._adoptions.adopt("tuned", number)
        return found

    def back(self) -> TunedVersion | None:
        """Take the last adoption back; return the version that ranks now. Raises `NotThere`."""
        self._adoptions.back("tuned")
        return self.adopted()


class Tuned:
    """Scores are the logits of the adopted version, or of one by its number."""

    def __init__(self, settings: Settings, number: int = 0) -> None:
        self._settings, self._number = settings, number
        self._versions = TunedVersions(settings.library)
        self._loaded: tuple[int, CrossEncoder] | None = None
        self._loading = threading.Lock()
        self._now()

    @property
    def identity(self) -> str:
        """What shapes a score, the version's weights included."""
        return self._now()[1].identity

    @property
    def noted(self) -> Mapping[str, Scalar]:
        """What a trace shows of it."""
        return {"tuned_version": self._now()[0]}

    def score(self, query: str, texts: Sequence[str]) -> Scores:
        """Return one logit a text, higher is better."""
        return self.score_many([(query, texts)])[0]

    def score_many(self, pools: Sequence[tuple[str, Sequence[str]]]) -> list[Scores]:
        """Return the logits of several questions' texts, from one pass of the model."""
        return self._now()[1].score_many(pools)

    def coverage(self, texts: Sequence[str]) -> float:
        """Return how much of the texts the model's vocabulary knows as words, 0.1 to 1."""
        return self._now()[1].coverage(texts)

    def reading(self, query: str, texts: Sequence[str]) -> list[Reading]:
        """Return how much of each text is read."""
        return self._now()[1].reading(query, texts)

    def _now(self) -> tuple[int, CrossEncoder]:
        """Return the version that ranks now, loaded."""
        number = self._number
        if not number:
            adopted = self._versions.adopted()
            if adopted is None:
                raise RerankError(NOTHING)
            number = adopted.version
        with self._loading:
            if self._loaded is None or self._loaded[0] != number:
                self._loaded = number, load(self._settings, self._versions.folder(number), number)
            return self._loaded


NOTHING = (
    "no tuned version is in use here; `ranklens tune SET` tunes a cross-encoder on judgements, "
    "`ranklens tune --adopt` uses it"
)


def load(settings: Settings, folder: Path, number: int) -> CrossEncoder:
    """Load the model of a version; raises `ModelError`."""
    model = load_cross(settings, str(folder.absolute()))
    model.name = f"tuned version {number}"  # instead of the folder
    return CrossEncoder(model)


def tuned(version: str = "") -> Entry:
    """Return the entry of the adopted version, or of one by its number."""

    def missing(context: Context) -> str:
        versions = TunedVersions(context.settings.library)
        try:
            if version:
                versions.version(int(version) if version.isdecimal() else -1)
                return ""
            return "" if versions.adopted() else NOTHING
        except (NotThere, RerankError) as error:
            return str(error)

    return Entry(
        f"tuned:{version}" if version else "tuned",
        "A cross-encoder that was tuned on your judgements.",
        lambda context: Tuned(context.settings, int(version or 0)),
        missing,
        uses=("library", "cache", "rerank_tokens", "rerank_batch"),
        unit="logit",
    )


def _read(path: Path) -> TunedVersion:
    try:
        held = json.loads(path.read_text("utf-8"))
        return TunedVersion(**{**held, "gain": tuple(held["gain"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise RerankError(
            f"{FOLDER}/{path.parent.name}/{FACTS} of the library cannot be read ({error}); "
            "remove that folder"
        ) from None
