"""Files attached to an e-mail: documents of their own, which come and go with it."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO

from ingest.files import clean_name
from ingest.parsed import Attached
from ingest.progress import FileOutcome
from rag.store.catalogue import Catalogue, Document

SEPARATOR = " › "
DEEPEST = 3  # files in files: mail.eml › other.eml › report.pdf
Enqueue = Callable[[str, IO[bytes], str, str], FileOutcome]


@dataclass(frozen=True, slots=True)
class Attachments:
    """Queues what is attached to e-mails, and finds what was attached to one.

    ``enqueue`` gets name, bytes, password and the name of the e-mail.
    """

    catalogue: Catalogue
    enqueue: Enqueue
    forget: Callable[[Sequence[Document]], None]

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
        """Remove what an earlier version of the e-mail had attached and this one has not."""
        names = {_full(mail, name) for name, _ in attached}
        former = [d for d in self._directly(mail.name) if d.name not in names]
        self.forget([*former, *(d for one in former for d in self.of(one.name))])

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
    return clean_name(f"{mail.name}{SEPARATOR}{name}")
