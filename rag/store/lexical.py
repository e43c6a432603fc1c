"""What a lexical index does, whichever engine does it; and BM25Okapi's constants."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Protocol

from rag.errors import LibraryError, LibraryMismatch
from rag.store.durable import read_json

K1 = 1.5
B = 0.75
EPSILON = 0.25


class Analyse(Protocol):
    """Turns a text into terms; ``name`` changes whenever the terms do."""

    @property
    def name(self) -> str:
        """What identifies the behaviour."""

    def __call__(self, text: str) -> list[str]:
        """Return the terms of ``text``."""


class LexicalIndex(Protocol):
    """BM25 over chunks, with the scores of ``rank_bm25.BM25Okapi`` over the same live chunks.

    Chunks stand in the order in which they were last added, which is the order of ties. An index
    may be used from several threads; nothing is on disk before `save`.
    """

    def add(self, ids: Sequence[str], texts: Sequence[str]) -> None:
        """Add chunks; an id that is there already, or comes twice, is replaced by the later."""

    def remove(self, ids: Collection[str]) -> None:
        """Remove chunks; unknown ids are ignored."""

    def search(
        self, query: str, k: int, within: frozenset[str] | None = None
    ) -> list[tuple[str, float]]:
        """Return the ``k`` best of the chunks that share a term with ``query``, best first.

        ``within``: only these ids are searched; what their scores are stays what they are among
        all chunks.
        """

    def score(self, query: str, ids: Sequence[str]) -> list[float]:
        """Return the scores of given chunks; 0.0 where nothing matches or the id is unknown."""

    def explain(self, query: str, id: str) -> dict[str, float]:
        """Return what each matching term contributes to a chunk's score; they sum to it."""

    def ids(self) -> set[str]:
        """Return the ids of all chunks."""

    def save(self) -> None:
        """Make the present state durable; a process killed meanwhile leaves this or the last."""


def read_manifest(path: Path, engine: str, version: int, analyser: str) -> dict[str, Any] | None:
    """Read an index's manifest, or return None where there is none.

    Raises `LibraryError` where it is damaged or of another format, `LibraryMismatch` where the
    index was made with another analyser.
    """
    if not path.exists():
        return None
    manifest = read_json(path)
    if (manifest["engine"], manifest["version"]) != (engine, version):
        raise LibraryError(
            f"the lexical index's file {path} has the format {manifest['engine']} "
            f"{manifest['version']}, and {engine} {version} is needed; run `ranklens rebuild`"
        )
    if manifest["analyser"] != analyser:
        raise LibraryMismatch(
            f"the lexical index in {path.parent} was made with the analyser "
            f"{manifest['analyser']}, and the settings ask for {analyser}: set the former "
            "language, or run `ranklens rebuild` to make the index again from the catalogue"
        )
    return dict(manifest)


def last_of_each(ids: Sequence[str], texts: Sequence[str]) -> dict[str, str]:
    """Return each id with its last text, in the order of last mention."""
    texts_of: dict[str, str] = {}
    for id, text in zip(ids, texts, strict=True):
        texts_of.pop(id, None)
        texts_of[id] = text
    return texts_of
