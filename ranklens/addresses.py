"""Documents from addresses on the internet: fetched when somebody asks for it, never by itself."""

from __future__ import annotations

import tempfile
import time
from typing import TYPE_CHECKING

from ingest.files import clean_name
from ingest.progress import FileOutcome
from ingest.web import checked, fetch
from rag.errors import DocumentError
from rag.settings.addresses import without_login
from rag.store.sources import SourceFile

if TYPE_CHECKING:
    from ranklens.library import Library


def is_address(text: str) -> bool:
    """Return whether what was given is an address rather than a file."""
    return text.lower().startswith(("http://", "https://"))


def fetch_address(library: Library, address: str, collection: str = "") -> FileOutcome:
    """Fetch a document from a public address and queue it; one that is here is fetched again.

    A refusal is an outcome with the status ``failed`` and its reason.
    """
    try:
        address = checked(address)
        known = library.sources.find(address)  # refused to who may import nothing
        with tempfile.TemporaryFile() as data:
            settings = library.settings
            found = fetch(
                address, data, most_mb=settings.max_file_mb, seconds=settings.fetch_seconds
            )
            size = data.tell()
            data.seek(0)
            name = known.label if known else _free_name(library, found.name)
            outcome = library.enqueue_upload(name, data, collection=collection)
    except DocumentError as error:
        if known := library.sources.find(address):
            library.sources.looked(known, str(error), None)
        return FileOutcome(clean_name(without_login(address)), "failed", str(error))
    if outcome.status == "queued" or known:
        source = known or library.sources.add("address", address, name)
        library.sources.keep_file(source, "", SourceFile(name, size, time.time_ns()))
        kind = "changed" if known else "added"
        changes = {kind: [name]} if outcome.status == "queued" else None
        library.sources.looked(source, "", changes)
    return outcome


def _free_name(library: Library, name: str) -> str:
    """Return a name that no document from elsewhere has, which it would replace."""
    taken = {document.name for document in library.documents()}
    stem, dot, suffix = name.rpartition(".")
    stem, suffix = (stem, dot + suffix) if dot else (name, "")
    numbered = (f"{stem} ({number}){suffix}" for number in range(2, 1000))
    return next((free for free in (name, *numbered) if free not in taken), name)
