"""Loaders: one small module a format, one line each in `LOADERS`.

A loader is ``load(path, options)``; it returns a list of pages, or `Loaded` if it may leave parts
of the file out. One that asks for the text of pictures has ``picture(path, key, options)`` too. To
add a format, write that function in a module here and add its line; or name ``load(path,
password)`` in a package of your own as an entry point of the group ``ranklens.loaders`` whose name
is the suffix. A suffix of the table is never given away.
"""

from __future__ import annotations

import mimetypes
from dataclasses import replace
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, NamedTuple

from ingest.loaders.base import Block, Loaded, Page
from ingest.loaders.faults import damaged
from ingest.loaders.options import LoadOptions
from ingest.loaders.sniff import sniff
from rag.errors import DocumentError
from rag.plugins import plugins

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "LOADERS",
    "Block",
    "Format",
    "LoadOptions",
    "Loaded",
    "Page",
    "detect",
    "load",
    "picture",
    "read",
    "suffixes",
]

GROUP = "ranklens.loaders"


class Format(NamedTuple):
    """A format: its media type and the module that loads it; of a plugin, its entry point."""

    module: str
    media_type: str
    plugin: str = ""


_OFFICE = "application/vnd.openxmlformats-officedocument."
LOADERS: dict[str, Format] = {
    ".pdf": Format("pdf", "application/pdf"),
    ".docx": Format("docx", _OFFICE + "wordprocessingml.document"),
    ".pptx": Format("pptx", _OFFICE + "presentationml.presentation"),
    ".xlsx": Format("xlsx", _OFFICE + "spreadsheetml.sheet"),
    ".html": Format("html", "text/html"),
    ".htm": Format("html", "text/html"),
    ".xhtml": Format("html", "application/xhtml+xml"),
    ".md": Format("markdown", "text/markdown"),
    ".markdown": Format("markdown", "text/markdown"),
    ".txt": Format("text", "text/plain"),
    ".text": Format("text", "text/plain"),
    ".log": Format("text", "text/plain"),
    ".rst": Format("text", "text/x-rst"),
    ".csv": Format("delimited", "text/csv"),
    ".tsv": Format("delimited", "text/tab-separated-values"),
    ".json": Format("json_text", "application/json"),
    ".jsonl": Format("json_text", "application/jsonl"),
    ".ndjson": Format("json_text", "application/jsonl"),
    ".epub": Format("epub", "application/epub+zip"),
    ".eml": Format("eml", "message/rfc822"),
    ".png": Format("image", "image/png"),
    ".jpg": Format("image", "image/jpeg"),
    ".jpeg": Format("image", "image/jpeg"),
    ".tif": Format("image", "image/tiff"),
    ".tiff": Format("image", "image/tiff"),
    ".webp": Format("image", "image/webp"),
}
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp"})
BINARY = frozenset({".pdf", ".docx", ".pptx", ".xlsx", ".epub"}) | PICTURES


def suffixes() -> dict[str, Format]:
    """Return every suffix that can be read, the plugins' last; no plugin is imported for it."""
    foreign = {f".{name.lstrip('.').lower()}": name for name in entry_points(group=GROUP).names}
    return {suffix: _foreign(suffix, name) for suffix, name in sorted(foreign.items())} | LOADERS


def load(path: Path, password: str = "", name: str = "") -> list[Page]:
    """Return a document's pages; ``name`` is the original name if ``path`` has no suffix.

    Raises `DocumentError` with the reason in plain words.
    """
    return list(read(path, LoadOptions(password), name)[1].pages)


def read(path: Path, options: LoadOptions | None = None, name: str = "") -> tuple[str, Loaded]:
    """Return a document's media type and what was read of it; raises `DocumentError`.

    If pictures are to be read first (`Pictures.waits`), what is returned may be empty.
    """
    options = options or LoadOptions()
    form = detect(path, name)
    loaded: Loaded | list[Page]
    if form.plugin:
        loaded = _read_by_plugin(form.plugin, path, options.password)
    else:
        loaded = _read_by_ours(form.module, path, options)
    if not isinstance(loaded, Loaded):
        loaded = Loaded(loaded)
    loaded = replace(loaded, warnings=(*loaded.warnings, *options.pictures.doubts()))
    if not options.pictures.waits and not any(page.blocks for page in loaded.pages):
        raise DocumentError(f"there is nothing to read in it{_why_nothing(loaded, options)}")
    return form.media_type, loaded


def picture(path: Path, key: str, options: LoadOptions, name: str = "") -> Image.Image:
    """Return a picture that a loader asked for, upright, in RGB; raises `DocumentError`."""
    module = import_module(f"ingest.loaders.{detect(path, name).module}")
    drawn: Image.Image = module.picture(path, key, options)
    return drawn


def _why_nothing(loaded: Loaded, options: LoadOptions) -> str:
    if loaded.warnings:
        return ": " + "; ".join(loaded.warnings)
    if options.pictures.texts:
        return ": text recognition found no text in its pictures"
    return ", only white space or empty parts"


def detect(path: Path, name: str = "") -> Format:
    """Find a file's format by its content, or by its suffix if content does not show it.

    A file whose content is plainly another format than its suffix says is read as what it is; one
    that no loader reads, or text under the suffix of a binary format, raises `DocumentError`.
    """
    suffix, known = PurePath(name or path.name).suffix.lower(), suffixes()
    found = sniff(path)
    if found in BINARY or (found == ".html" and suffix in BINARY):
        return LOADERS[found]
    if suffix in known and known[suffix].plugin:
        return known[suffix]
    if found and found != ".html":
        raise DocumentError(f"its content is {found}, which is not supported; {_supported(known)}")
    if suffix not in known:
        raise DocumentError(
            f"files named {suffix or 'without a suffix'} are not supported; {_supported(known)}"
        )
    if suffix in BINARY:
        raise DocumentError(
            f"it is named {suffix}, but its content is not: it is damaged, incomplete or "
            "something else; save it again or give it its right suffix"
        )
    return known[suffix]


def _foreign(suffix: str, name: str) -> Format:
    media_type = mimetypes.guess_type(f"a{suffix}")[0] or "application/octet-stream"
    return Format("", media_type, plugin=name)


def _read_by_ours(module: str, path: Path, options: LoadOptions) -> Loaded | list[Page]:
    try:
        found: Loaded | list[Page] = import_module(f"ingest.loaders.{module}").load(path, options)
    except (DocumentError, MemoryError):
        raise
    except Exception as error:  # parsers of broken files raise anything
        raise damaged("the file", error) from error
    return found


def _read_by_plugin(name: str, path: Path, password: str) -> Loaded:
    """Return what another package reads; every fault of it names the package."""
    plugin = plugins(GROUP)[name]
    problem = plugin.reason
    if not problem and callable(plugin.loaded):
        try:
            found = plugin.loaded(path, password)
            loaded = found if isinstance(found, Loaded) else Loaded(list(found))
            if all(isinstance(page, Page) for page in loaded.pages):
                return loaded
            problem = plugin.refused("returns no list of ingest.loaders.Page").reason
        except DocumentError:
            raise
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything
            problem = plugin.refused(f"failed ({type(error).__name__}: {error})").reason
    raise DocumentError(problem or plugin.refused("is no function load(path, password)").reason)


def _supported(known: dict[str, Format]) -> str:
    return "supported are " + ", ".join(known)
