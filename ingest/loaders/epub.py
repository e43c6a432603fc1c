"""EPUB: its chapters in the order of the spine, each read as HTML."""

from __future__ import annotations

import posixpath
import zipfile
from pathlib import Path
from urllib.parse import unquote
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

from ingest.loaders.base import Block, Page
from ingest.loaders.decode import decode
from ingest.loaders.faults import damaged
from ingest.loaders.html import html_blocks
from ingest.loaders.options import LoadOptions
from ingest.loaders.zipped import open_zip, refuse_entities
from rag.errors import DocumentError


def load(path: Path, options: LoadOptions) -> list[Page]:
    """Return the book as one page; raises `DocumentError` if it is damaged or protected."""
    with open_zip(path) as archive:
        refuse_entities(archive)
        try:
            chapters = _spine(archive)
            blocks = [b for name in chapters for b in _chapter(archive, name)]
        except (ParseError, KeyError, StopIteration) as error:
            raise damaged("the EPUB", error) from error
        if not blocks and "META-INF/encryption.xml" in archive.namelist():
            raise DocumentError("the EPUB is protected (DRM); only an unprotected one can be read")
    return [Page(None, tuple(blocks))]


def _spine(archive: zipfile.ZipFile) -> list[str]:
    container = fromstring(archive.read("META-INF/container.xml"))
    package = next(e.get("full-path", "") for e in _named(container, "rootfile"))
    root = fromstring(archive.read(package))
    folder = posixpath.dirname(package)
    files = {e.get("id"): unquote(e.get("href", "")) for e in _named(root, "item")}
    order = [files[e.get("idref")] for e in _named(root, "itemref") if e.get("idref") in files]
    if not order:
        raise KeyError("its list of chapters is missing")
    # A chapter that is listed again is not read again: small files would grow without a limit.
    return list(dict.fromkeys(posixpath.normpath(posixpath.join(folder, x)) for x in order))


def _chapter(archive: zipfile.ZipFile, name: str) -> list[Block]:
    if name.lower().endswith((".svg", ".png", ".jpg", ".jpeg", ".gif")):
        return []
    return html_blocks(decode(archive.read(name)))


def _named(root: Element, name: str) -> list[Element]:
    return [e for e in root.iter() if e.tag.rpartition("}")[2] == name]
