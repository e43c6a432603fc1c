"""Cross-encoders that were tuned on a library's judgements: versions, and the one that ranks.

`rag.models.training` makes the weights, `ranklens.tuning` measures them. Each version is a folder
below `tuned/` in the library's folder, which holds a model as `cross-encoder` loads it, a model
card and `version.json`. Libraries that several hosts share keep it as an archive among their files.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from rag.errors import NotThere, RerankError
from rag.models.encoder import Reading
from rag.models.load import load_cross
from rag.rerank.adoption import Versions
from rag.rerank.base import Context, Entry, Scores
from rag.rerank.cross_encoder import CrossEncoder
from rag.settings import Settings
from rag.store.files.archives import packed_folder, unpack_folder
from rag.store.files.choice import copies_of, files_of
from rag.types import Scalar

FOLDER, FACTS, CARD = "tuned", "version.json", "README.md"
TUNED = "tuned"  # a fact of the library, about versions that are not in its folder
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


class TunedVersions(Versions[TunedVersion]):
    """The versions of one library: folders in its folder, or archives with a fact about each."""

    source = "tuned"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._folder = settings.library / FOLDER
        self._unpacked = settings.cache / FOLDER
        self._files = files_of(settings)
        self._copies = copies_of(settings, self._files)
        self._here = self._files.place(FOLDER) is not None

    def all(self) -> list[TunedVersion]:
        """Return every version that is kept, oldest first; raises `RerankError`."""
        found = [_read(path) for path in self._folder.glob(f"*/{FACTS}")]
        found += [_version(one) for one in self._archived()]
        return sorted(found, key=lambda one: one.version)

    def folder(self, number: int) -> Path:
        """Return the folder of a version's model, fetched if it is kept elsewhere."""
        here = self._folder / str(number)
        archived = [one for one in self._archived() if one["version"] == number]
        if not archived or here.is_dir():
            return here
        digest = str(archived[0]["digest"])
        unpacked = self._unpacked / digest
        if not unpacked.is_dir():
            unpack_folder(self._copies.path(_key(digest), digest), unpacked)
            self._copies.drop(digest)
        return unpacked

    def add(self, version: TunedVersion, model: Path, card: str) -> TunedVersion:
        """Move a model here as a new version, which nothing uses yet; return it with its number."""
        with _changing:
            made = replace(version, version=max((one.version for one in self.all()), default=0) + 1)
            (model / CARD).write_text(card.replace("{version}", str(made.version)), "utf-8")
            (model / FACTS).write_text(json.dumps(asdict(made), indent=1), "utf-8")
            if not self._here:
                return self._archive(made, model)
            self._folder.mkdir(exist_ok=True)
            model.replace(self._folder / str(made.version))
            used = self.used()
            for one in [one for one in self.all() if one.version not in used][:-KEPT]:
                shutil.rmtree(self._folder / str(one.version), ignore_errors=True)
        return made

    def take(self, version: TunedVersion, model: Path) -> None:
        """Keep a copy of a version of another library under its number."""
        with tempfile.TemporaryDirectory() as aside:
            copy = Path(aside) / "model"
            shutil.copytree(model, copy)
            (copy / FACTS).write_text(json.dumps(asdict(version), indent=1), "utf-8")
            if not self._here:
                self._archive(version, copy)
                return
            self._folder.mkdir(exist_ok=True)
            shutil.move(copy, self._folder / str(version.version))

    def _archive(self, made: TunedVersion, model: Path) -> TunedVersion:
        """Put a model where all hosts find it; the fact about it comes last."""
        used, spare = self.used(), []
        with packed_folder(model) as (archive, digest):
            self._files.put(_key(digest), archive, give=True)

        def added(held: Any) -> list[dict[str, Any]]:
            nonlocal made, spare
            last = max((one["version"] for one in held or ()), default=0)
            made = replace(made, version=max(made.version, last + 1))  # of two hosts at once
            versions = [*(held or ()), {**asdict(made), "digest": digest}]
            spare = [one for one in versions if one["version"] not in used][:-KEPT]
            return [one for one in versions if one not in spare]

        self._facts.change(TUNED, added)
        for one in spare:
            self._files.delete(_key(one["digest"]))
        shutil.rmtree(model)
        return made

    def _archived(self) -> list[dict[str, Any]]:
        try:
            return list(self._facts.read(TUNED) or ())
        except (OSError, ValueError, TypeError) as error:
            raise RerankError(f"{TUNED}.json of the library cannot be read ({error})") from None


class Tuned:
    """Scores are the logits of the adopted version, or of one by its number."""

    def __init__(self, settings: Settings, number: int = 0) -> None:
        self._settings, self._number = settings, number
        self._versions = TunedVersions(settings)
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
        versions = TunedVersions(context.settings)
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


def _key(digest: str) -> str:
    return f"{FOLDER}/{digest}.tar"


def _version(held: Mapping[str, Any]) -> TunedVersion:
    known = {name: value for name, value in held.items() if name != "digest"}
    return TunedVersion(**{**known, "gain": tuple(held["gain"])})


def _read(path: Path) -> TunedVersion:
    try:
        return _version(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise RerankError(
            f"{FOLDER}/{path.parent.name}/{FACTS} of the library cannot be read ({error}); "
            "remove that folder"
        ) from None
