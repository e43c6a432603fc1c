"""Asking within chosen documents: by name, by type, by the day they were added; `@name` in words.

A `Filter` holds what a user chose, `Scope` the documents and chunks that this is now.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import PurePath
from typing import Any, Self

from rag.errors import FilterError
from rag.store.catalogue import Document
from rag.store.collections import DEFAULT
from rag.store.exact import Scope
from rag.store.lexical import Population
from rag.store.protocol import Store
from rag.text.plural import plural

MOST_NAMED = 5
_SAME_TYPE = {"htm": "html", "xhtml": "html", "markdown": "md", "text": "txt", "ndjson": "jsonl"}
# After a letter it is an address (user@example.org), after a backslash a word (\@property); without
# a letter or digit it is a sign (@-@).
_MENTION = re.compile(r'(?<![\w@\\])@(?:"([^"\n]+)"|([^\s"@]*\w[^\s"@]*))')
_AT_THE_END = ".,;:!?)]}'\""


@dataclass(frozen=True, slots=True)
class Filter:
    """What to ask within; what is empty allows everything, and all that is given must hold.

    ``names`` are documents' whole names, ``types`` their kinds (`kind_of`), ``since`` the first
    day on which they were added, in local time. ``collection`` is the one that is asked: BM25
    counts its chunks only, while the other criteria leave scores as they are.
    """

    names: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    since: date | None = None
    collection: str = ""

    def __bool__(self) -> bool:
        return bool(self.collection or self.chooses)

    @property
    def chooses(self) -> bool:
        """Whether it chooses documents of its collection."""
        return bool(self.names or self.types or self.since)

    def inside(self, collection: str) -> Filter:
        """Return the same choice of the documents of a collection."""
        return replace(self, collection=collection)

    def allows(self, document: Document) -> bool:
        """Return whether a document of the collection may be searched."""
        return (
            (not self.names or document.name in self.names)
            and (not self.types or kind_of(document) in self.types)
            and (self.since is None or document.added.astimezone().date() >= self.since)
        )

    def words(self) -> list[str]:
        """Return each criterion in a few words, for chips and notes; no word for the default."""
        since = [f"added since {self.since.isoformat()}"] if self.since else []
        named = self.collection not in ("", DEFAULT)
        within = [f"collection {self.collection}"] if named else []
        return [*within, *self.names, *(f"type {kind}" for kind in self.types), *since]

    def described(self, joint: str = ", ") -> str:
        """Return all criteria in words, the default collection too."""
        return joint.join(self.words()) or f"collection {self.collection}"

    def as_setting(self) -> dict[str, Any]:
        """Return it as JSON's own types, as a trace's settings keep it beside the collection."""
        since = self.since.isoformat() if self.since else None
        return {"documents": list(self.names), "types": list(self.types), "since": since}

    @classmethod
    def from_setting(cls, setting: Any) -> Self:
        """Return the filter that a trace's settings keep; an empty one if there was none."""
        if not setting:
            return cls()
        since = date.fromisoformat(setting["since"]) if setting["since"] else None
        return cls(tuple(setting["documents"]), tuple(setting["types"]), since)


EVERYTHING = Filter()


def of_settings(settings: Mapping[str, Any]) -> Filter:
    """Return the filter and the collection within which a trace's question was asked."""
    return Filter.from_setting(settings.get("within")).inside(str(settings.get("collection", "")))


def kind_of(document: Document) -> str:
    """Return a document's type: its suffix without the dot (``pdf``), else from its content."""
    return _kind(document.name, document.media_type)


@lru_cache(maxsize=10_000)  # every question within a type asks it of every document
def _kind(name: str, media_type: str) -> str:
    kind = PurePath(name).suffix.lower().removeprefix(".") or media_type.rpartition("/")[2]
    return _SAME_TYPE.get(kind, kind)


def chosen(
    documents: Sequence[Document],
    names: Iterable[str] = (),
    types: Iterable[str] = (),
    since: date | None = None,
) -> Filter:
    """Make a filter of what people typed: parts of names, types with or without a dot.

    Raises `FilterError` on a name or type that fits no document, with the nearest or some that
    are there, and on a name that fits several.
    """
    known = [document.name for document in documents]
    kinds = sorted({kind_of(document) for document in documents})
    wanted = [_SAME_TYPE.get(k, k) for k in (t.lower().lstrip(".").strip() for t in types)]
    for kind in wanted:
        if kind not in kinds:
            raise FilterError(
                f"no document is of the type {kind!r}; there are {', '.join(kinds) or 'none'}"
            )
    found = tuple(dict.fromkeys(resolve(name, known) for name in names))
    return Filter(found, tuple(dict.fromkeys(wanted)), since)


def resolve(wanted: str, names: Sequence[str]) -> str:
    """Return the one document's name that is meant.

    The whole name wins over the name without suffix, this over the beginning, this over a part;
    the case of letters counts only where it decides. Raises `FilterError`.
    """
    low = wanted.strip().casefold()
    fits: tuple[Callable[[str], bool], ...] = (
        lambda name: name == wanted,
        lambda name: name.casefold() == low,
        lambda name: PurePath(name).stem.casefold() == low,
        lambda name: name.casefold().startswith(low),
        lambda name: low in name.casefold(),
    )
    for fit in fits if low else ():
        found = [name for name in names if fit(name)]
        if len(found) == 1:
            return found[0]
        if found:
            raise FilterError(f"{wanted!r} fits {_listed(found)}; write more of the name")
    raise FilterError(f"there is no document {wanted!r} in the library; {_nearest(wanted, names)}")


def mentioned(question: str, documents: Callable[[], Sequence[Document]]) -> tuple[str, Filter]:
    r"""Return the question without its ``@name`` marks, and the filter that they stand for.

    Names with spaces stand in quotes (``@"annual report"``). A name within a sentence stays there
    in words, for the sentence needs it; one before or after it goes. ``\@`` is an @. Raises
    `FilterError` on a name that fits no document or several.
    """
    if "@" not in question:
        return question, Filter()
    known: list[str] = []
    names: list[str] = []
    parts: list[str] = []
    last = ""  # sign before the mark that is not white space
    at = 0
    for mark in _MENTION.finditer(question):
        known = known or [document.name for document in documents()]
        word = mark[1] or mark[2].rstrip(_AT_THE_END)
        if not word:
            continue
        name = _meant(word, known)
        names.append(name)
        before = question[at : mark.start()]
        last = before.rstrip()[-1:] or last
        stem = PurePath(name).stem if last and last not in ".?!:;" else ""
        parts += [before if stem else before.rstrip(), stem]
        last = stem[-1:] or last
        at = mark.end() if mark[1] else mark.start() + 1 + len(word)
    text = "".join([*parts, question[at:]]).replace("\\@", "@")
    if names:
        text = " ".join(text.split()).lstrip(" ,;:.")
    return text, Filter(tuple(dict.fromkeys(names)))


def documents_of(collection: str, index: Store) -> Sequence[Document]:
    """Return the documents of a collection that can be asked; of the library if it has no name.

    Raises `FilterError` if there is no such collection.
    """
    if not collection:
        return index.catalogue.ready()
    return index.collections.documents(index.collections.asked(collection)).ready


def scope_of(asked: Filter, index: Store) -> Scope | None:
    """Return the chunks that a filter allows now; None if it allows all.

    Raises `FilterError` if it allows no document that is ready, or if its collection is not there.
    """
    among: Population | None = None
    own = documents_of(asked.collection, index)
    # What one visitor may see of an index is never the whole, even if no collection is named.
    whole = getattr(index, "whole", True)
    if asked.collection and not (held := index.collections.documents(asked.collection)).all:
        chunks = index.scope([document.id for document in own]).ids
        among = Population(chunks, held.languages)
    elif not whole and not asked.collection:
        chunks = index.scope([document.id for document in own]).ids
        among = Population(chunks, index.catalogue.languages())
    elif not asked.chooses:
        return None
    allowed = [document.id for document in own if asked.allows(document)]
    if not allowed:
        raise FilterError(
            f"no document that is ready is within {asked.described(' and ')}; ask without "
            "this filter, or see `ranklens documents`"
        )
    return replace(index.scope(allowed), among=among)


def note(asked: Filter, scope: Scope | None, exact: bool = True) -> str:
    """Say in words what was searched, for a stage's note; ``exact``: every vector is compared."""
    if scope is None:
        return ""
    documents, passages = (
        plural(len(scope.documents), "document"),
        plural(len(scope.ids), "passage"),
    )
    search = "exact search" if exact else "search by the graph"
    return f"{search} within {documents}, {passages}: {asked.described()}"


def _meant(word: str, known: Sequence[str]) -> str:
    try:
        return resolve(word, known)
    except FilterError as error:
        raise FilterError(f"{error} (\\@{word} asks for the word itself)") from None


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:MOST_NAMED])
    more = len(names) - MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def _nearest(wanted: str, names: Sequence[str]) -> str:
    """Name the document that was probably meant; if none is near, some that are there."""
    by_form = {form: name for name in names for form in _forms(name.casefold())}
    near = difflib.get_close_matches(wanted.casefold(), by_form, n=1)
    if near:
        return f"the nearest is {by_form[near[0]]!r}"
    return f"it holds {_listed(names)}" if names else "it is empty"


def _forms(name: str) -> tuple[str, ...]:
    stem = PurePath(name).stem
    return (name, stem, *re.findall(r"\w+", stem))
