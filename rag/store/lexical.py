"""What every lexical index does, its engine aside; and BM25Okapi's constants."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

from rag.errors import LibraryError, LibraryMismatch
from rag.store.analyse import Analyser, AutoAnalyser, Groups
from rag.store.durable import read_json
from rag.text.language import ENGLISH

K1 = 1.5
B = 0.75
EPSILON = 0.25
_BATCH = 10_000  # chunks that are analysed together; bounds the memory of a long call


@dataclass(frozen=True, slots=True)
class Population:
    """The chunks that BM25 counts over, and the languages of their documents, frequent first.

    How rare a term is and how long a chunk is on average is that of these chunks, as if there were
    no others.
    """

    ids: frozenset[str]
    languages: tuple[str, ...]


class Bm25Scores(Protocol):
    """BM25 over the chunks of one moment, for a query's terms, those of a group counting as one."""

    def among(self, ids: frozenset[str]) -> Bm25Scores:
        """Return the scores that these chunks have if there are no others."""

    def best(self, words: Groups, k: int, within: frozenset[str] | None) -> list[tuple[str, float]]:
        """Return the ids and scores of the ``k`` best chunks that share a word, in order.

        ``within``: the ids to search among; None for all.
        """

    def score(self, words: Groups, ids: Sequence[str]) -> list[float]:
        """Return the scores of given chunks, 0.0 if there is no such chunk."""

    def explain(self, words: Groups, id: str) -> dict[str, float]:
        """Return what each word that a chunk has contributes to its score."""


class Bm25Search(ABC):
    """BM25 over chunks, with the scores of ``rank_bm25.BM25Okapi`` over the same live chunks.

    Chunks stand in the order in which they were last added, which is the order of ties.
    """

    def __init__(self, analyser: Analyser | AutoAnalyser) -> None:
        self.analyser = analyser

    def search(
        self,
        query: str,
        k: int,
        within: frozenset[str] | None = None,
        among: Population | None = None,
    ) -> list[tuple[str, float]]:
        """Return the ``k`` best of the chunks that share a term with ``query``, best first.

        ``within``: only these ids are searched; their scores stay what they are among all chunks,
        or ``among`` those of a population.
        """
        return self._scores_of(among).best(self.groups(query, among), k, within)

    def score(self, query: str, ids: Sequence[str], among: Population | None = None) -> list[float]:
        """Return the scores of given chunks; 0.0 if nothing matches or the id is unknown."""
        return self._scores_of(among).score(self.groups(query, among), ids)

    def explain(self, query: str, id: str, among: Population | None = None) -> dict[str, float]:
        """Return what each matching term contributes to a chunk's score; they sum to it."""
        return self._scores_of(among).explain(self.groups(query, among), id)

    def groups(self, query: str, among: Population | None = None) -> Groups:
        """Return the terms under which a question is looked for."""
        if among is None:
            return self.analyser.question(query)
        return self.analyser.question(query, among.languages)

    def _scores_of(self, among: Population | None) -> Bm25Scores:
        scores = self._scores()
        return scores.among(among.ids) if among else scores

    @abstractmethod
    def ids(self) -> set[str]:
        """Return the ids of all chunks."""

    @abstractmethod
    def _scores(self) -> Bm25Scores: ...


class LexicalIndex(Bm25Search):
    """`Bm25Search` kept in a folder.

    An index may be used from several threads; nothing is on disk before `save`. An engine
    implements the methods with an underscore: `_change`, `_ids`, `_load` and `_write` run under the
    lock.
    """

    engine: ClassVar[str]
    version: ClassVar[int] = 1
    manifest: ClassVar[str]

    def __init__(self, folder: Path, analyser: Analyser | AutoAnalyser) -> None:
        super().__init__(analyser)
        self._folder = folder
        self._changing = threading.Lock()
        self._saved = True

    @classmethod
    def open(cls, folder: Path, analyser: Analyser | AutoAnalyser) -> Self:
        """Open the index in ``folder``, an empty one if there is none.

        Raises `LibraryError` if it is damaged or of another format, and `LibraryMismatch` if it was
        made with another analyser.
        """
        index = cls(folder, analyser)
        path = folder / cls.manifest
        if path.exists():
            content = read_json(path)
            index._check(content, path)
            index._load(content)
        if folder.is_dir():
            index._sweep()
        return index

    def add(self, ids: Sequence[str], texts: Sequence[str], language: str = ENGLISH) -> None:
        """Add chunks; an id that is there already, or comes twice, is replaced by the later.

        ``language`` is their document's; an analyser of one language does not look at it.
        """
        texts_of: dict[str, str] = {}
        for id, text in zip(ids, texts, strict=True):
            texts_of.pop(id, None)
            texts_of[id] = text
        pairs = list(texts_of.items())
        for start in range(0, len(pairs), _BATCH):
            analysed = {
                id: self.analyser.document(text, language)
                for id, text in pairs[start : start + _BATCH]
            }
            with self._changing:
                self._change(analysed, analysed)
                self._saved = False

    def remove(self, ids: Collection[str]) -> None:
        """Remove chunks; unknown ids are ignored."""
        with self._changing:
            if self._change(ids, {}):
                self._saved = False

    def forget(self) -> None:
        """Leave out of the next `save` what its files still hold of removed chunks."""
        with self._changing:
            if self._forget():
                self._saved = False

    def ids(self) -> set[str]:
        """Return the ids of all chunks."""
        with self._changing:
            return self._ids()

    def save(self) -> None:
        """Make the present state durable; a process killed meanwhile leaves this or the last."""
        with self._changing:
            if not self._saved:
                header = {"engine": self.engine, "version": self.version}
                self._write({**header, "analyser": self.analyser.name})
                self._saved = True

    def _check(self, content: Mapping[str, Any], path: Path) -> None:
        if (content["engine"], content["version"]) != (self.engine, self.version):
            raise LibraryError(
                f"the lexical index's file {path} has the format {content['engine']} "
                f"{content['version']}, and {self.engine} {self.version} is needed; "
                "run `ranklens rebuild`"
            )
        if content["analyser"] != self.analyser.name:
            raise LibraryMismatch(
                f"the lexical index in {path.parent} was made with the analyser "
                f"{content['analyser']}, and the settings ask for {self.analyser.name}: set the "
                "former language, or run `ranklens rebuild` to make the index again from the "
                "catalogue"
            )

    @abstractmethod
    def _load(self, manifest: Mapping[str, Any]) -> None: ...

    @abstractmethod
    def _write(self, header: Mapping[str, Any]) -> None: ...

    @abstractmethod
    def _change(self, gone: Collection[str], come: Mapping[str, list[str]]) -> bool: ...

    @abstractmethod
    def _ids(self) -> set[str]: ...

    def _sweep(self) -> None:
        """Delete the files that do not count, which a killed process left."""
        for path in self._folder.glob("*.tmp"):
            path.unlink()

    def _forget(self) -> bool:
        """Take removed chunks and their words out of what `_write` writes; False: none there."""
        return False
