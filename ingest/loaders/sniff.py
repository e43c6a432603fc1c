"""Find a file's real format from its first bytes and, for zip files, from its members."""

from __future__ import annotations

import codecs
import re
import zipfile
from pathlib import Path

from ingest.loaders.zipped import open_zip
from rag.errors import DocumentError

HEAD = 4096
SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old or password-protected Office (save it as .docx, "
     ".pptx or .xlsx without a password)"),
    (b"\x89PNG\r\n", ".png"),
    (b"\xff\xd8\xff", ".jpg"),
    (b"II*\0", ".tif"),
    (b"MM\0*", ".tif"),
    (b"GIF8", "a GIF image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\0", "a SQLite database"),
    (b"{\\rtf", "rich text (save it as .docx)"),
)  # fmt: skip
MEMBERS = (
    ("word/document.xml", ".docx"),
    ("ppt/presentation.xml", ".pptx"),
    ("xl/workbook.xml", ".xlsx"),
    ("META-INF/container.xml", ".epub"),
)
DECLARATION = re.compile(rb"<\?xml[^>]*>", re.I)
ROOT = re.compile(rb"<(?:!doctype\s+html|html)\b", re.I)


def sniff(path: Path) -> str:
    """Return the suffix of the format that the content plainly is, words for one of no use to us.

    Returns "" if the content does not show it (text of any kind). Raises `DocumentError` if
    the file is empty, no file, or cannot be read.
    """
    head = _head(path)
    if b"%PDF-" in head[:1024]:
        return ".pdf"
    if head.startswith(b"PK\x03\x04"):
        return _member_format(path)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return ".webp"
    for signature, words in SIGNATURES:
        if head.startswith(signature):
            return words
    return ".html" if is_markup(head) else ""


def is_markup(head: bytes) -> bool:
    """Return whether HTML begins after white space, an XML declaration and comments."""
    rest = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if declaration := DECLARATION.match(rest):
        rest = rest[declaration.end() :].lstrip()
    while rest.startswith(b"<!--"):
        rest = rest.partition(b"-->")[2].lstrip()
    return ROOT.match(rest) is not None


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except IsADirectoryError:
        raise DocumentError("it is a folder, not a file; add the files in it") from None
    except FileNotFoundError:
        raise DocumentError("there is no such file; check its path") from None
    except OSError as error:
        raise DocumentError(f"it cannot be read: {error.strerror or error}") from None
    if not head:
        raise DocumentError("the file is empty (0 bytes)")
    return head


def _member_format(path: Path) -> str:
    with open_zip(path) as archive:
        names = set(archive.namelist())
        if _is_open_document(archive, names):
            return "OpenDocument (save it as .docx, .pptx or .xlsx)"
    return next((suffix for member, suffix in MEMBERS if member in names), "a zip archive")


def _is_open_document(archive: zipfile.ZipFile, names: set[str]) -> bool:
    if "mimetype" not in names:
        return False
    with archive.open("mimetype") as member:
        return b"opendocument" in member.read(200)
