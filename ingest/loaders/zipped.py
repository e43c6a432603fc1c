"""Zip-based files, checked before anything in them is unpacked."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from lxml.etree import XMLSyntaxError  # type: ignore[import-untyped]

from ingest.loaders.faults import damaged
from rag.errors import DocumentError

MOST_MEMBERS = 20_000
MOST_BYTES = 1 << 30
MOST_RATIO = 150  # XML in honest Office files packs to a tenth, rarely a fiftieth
FREE_BYTES = 32 << 20  # at any ratio, this much does no harm
DECLARATIONS = 64 << 10  # where a document type with entities would stand


@contextmanager
def open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip-based file whose size when unpacked is bearable; raises `DocumentError`.

    Python's zipfile reads no member beyond its declared size, so the declared sizes bound what
    can come out.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check(archive, path.stat().st_size)
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise damaged("the file", error) from error


def refuse_entities(archive: zipfile.ZipFile) -> None:
    """Raise `DocumentError` if a member's XML declares entities (the way of XML bombs)."""
    for info in archive.infolist():
        if info.filename.lower().endswith((".xml", ".rels", ".opf", ".xhtml", ".html", ".ncx")):
            with archive.open(info) as member:
                if b"<!ENTITY" in member.read(DECLARATIONS):
                    raise DocumentError(
                        f"its part {info.filename} declares XML entities, which documents of this "
                        "format do not need and attacks do; it is not read"
                    )


@contextmanager
def office_file(path: Path, kind: str, faults: tuple[type[Exception], ...]) -> Iterator[BinaryIO]:
    """Open a checked Office file; what its library raises becomes a `DocumentError`."""
    with open_zip(path) as archive:
        refuse_entities(archive)
    try:
        with path.open("rb") as file:
            yield file
    except (*faults, KeyError, ValueError, AttributeError, RecursionError, XMLSyntaxError) as error:
        raise damaged(f"the {kind}", error) from error


def _check(archive: zipfile.ZipFile, packed: int) -> None:
    infos = archive.infolist()
    total = sum(info.file_size for info in infos)
    if len(infos) > MOST_MEMBERS:
        raise DocumentError(f"it holds {len(infos):,} parts, more than {MOST_MEMBERS:,}")
    if total > MOST_BYTES or (total > FREE_BYTES and total > MOST_RATIO * packed):
        raise DocumentError(
            f"it unpacks to {total / 1e6:,.0f} MB from {packed / 1e6:,.2f} MB, which is how zip "
            "bombs look; it is not read"
        )
    if any(info.flag_bits & 1 for info in infos):
        raise DocumentError("it is encrypted with a zip password; save it without one")
