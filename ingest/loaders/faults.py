"""What libraries raise over broken files, in words; their own may name paths, classes or tokens."""

from __future__ import annotations

import zipfile
import zlib
from xml.etree.ElementTree import ParseError

from lxml.etree import XMLSyntaxError  # type: ignore[import-untyped]

from rag.errors import DocumentError

NESTED = "its parts are nested too deeply to read"
WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (XMLSyntaxError, "a part of it is not well-formed XML"),
    (ParseError, "a part of it is not well-formed XML"),
    (zipfile.BadZipFile, "its zip structure is broken"),
    (zlib.error, "a part of it cannot be unpacked"),
    (EOFError, "it ends too early"),
    (NotImplementedError, "it is packed in a way that is not supported"),
    (UnicodeError, "a part of it is no text"),
    (KeyError, "a part of it is missing"),
)


def damaged(kind: str, error: BaseException) -> DocumentError:
    """Return the error for a file of some kind (``the DOCX``) that its reader failed on."""
    if isinstance(error, RecursionError):
        return DocumentError(f"{kind} cannot be read: {NESTED}")
    words = next((words for fault, words in WORDS if isinstance(error, fault)), "")
    what = f" ({words})" if words else ""
    return DocumentError(f"{kind} is damaged or incomplete{what}; save it again in its program")
