"""Files attached to an e-mail: documents of their own, which come and go with it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO

from ingest.files import LONGEST_NAME, clean_name
from ingest.parsed import Attached
from ingest.progress import FileOutcome
from rag.store.catalogue import Catalogue, Document

SEPARATOR = " › "
DEEPEST = 3  # files in files: mail.eml › other.eml › report.pdf
LONGEST_MAIL = 140  # characters of an e-mail's name in those of what is attached
LONGEST_END = 12  # characters at the end of an attachment's name, with its suffix
Enqueue = Callable[[str, IO[bytes], str, str], FileOutcome]


@dataclass(frozen=True, slots=True)
class Attachments:
    """Queues what is attached to e-mails, and finds what was attached to one.

    ``enqueue`` gets name, bytes, password and the name of the e-mail. ``collections`` returns the
    numbers of those that a document is in.
    """

    catalogue: Catalogue
    enqueue: Enqueue
    forget: Callable[[Sequence[Document]], None]
    collections: Callable[[str], frozenset[int]]

    def add(self, mail: Document, attached: Attached, password: str = "") -> tuple[str, ...]:
        """Queue the files; return a sentence for each that is not queued or here already.

        Raises `StorageError` if the disk has too little room for them.
        """
        if attached and mail.name.count(SEPARATOR) + 1 >= DEEPEST:
            return (f"what is attached to it was not added: it is within {DEEPEST - 1} others",)
        warnings = []
        for name, data in attached:
            full = _full(mail, name)
            outcome = self.enqueue(full, io.BytesIO(data), password, mail.name)
            if outcome.status == "failed" or (outcome.status == "unchanged" and outcome.reason):
                warnings.append(f"the attachment {name} was not added: {outcome.reason}")
        return tuple(warnings)

    def drop_former(self, mail: Document, attached: Attached) -> None:
        """Remove what an earlier version of the e-mail had attached and this one has not.

        What somebody put into a collection that the e-mail is not in stays, as its own document.
        """
        names = {_full(mail, name) for name, _ in attached}
        waiting = [d for d in self._directly(mail.name) if d.name not in names]
        former, own = [], self.collections(mail.name)
        while waiting:
            one = waiting.pop()
            if self.collections(one.name) <= own:
                former.append(one)
                waiting += self._directly(one.name)
            else:
                self.catalogue.update_document(one.id, parent="")
        self.forget(former)

    def drop_all(self, mail: Document) -> None:
        """Remove what was attached to an e-mail that was removed while it was indexed."""
        self.forget(self.of(mail.name))

    def of(self, name: str) -> list[Document]:
        """Return the documents that were attached to one, and those attached to them."""
        found, waiting = [], [name]
        while waiting:
            below = self._directly(waiting.pop())
            found += below
            waiting += {document.name for document in below}
        return found

    def _directly(self, name: str) -> list[Document]:
        return [d for d in self.catalogue.documents() if d.parent == name != d.name]


def _full(mail: Document, name: str) -> str:
    """Return a name that begins with the e-mail's; one that is too long loses its middle."""
    own = clean_name(name)
    whole = f"{mail.name}{SEPARATOR}{own}"
    if len(whole) <= LONGEST_NAME:
        return whole
    # Two long names that differ in what is left out stay two documents.
    digest = hashlib.sha256(f"{mail.name}{SEPARATOR}{name}".encode(errors="replace"))
    mark = f"… {digest.hexdigest()[:8]} "
    start = f"{mail.name[:LONGEST_MAIL]}{SEPARATOR}{own}"
    return start[: LONGEST_NAME - len(mark) - LONGEST_END] + mark + own[-LONGEST_END:]
