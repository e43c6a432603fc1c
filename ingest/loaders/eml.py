"""E-mail (RFC 5322), through the standard library; attachments are read by their own loaders."""

from __future__ import annotations

import tempfile
from collections.abc import Container, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from email.message import MIMEPart
from email.parser import BytesParser
from email.policy import EmailPolicy
from pathlib import Path, PurePath
from typing import Any, cast

from ingest.loaders import read, suffixes
from ingest.loaders.base import Block, Loaded, Page, block, one_line
from ingest.loaders.decode import decode
from ingest.loaders.html import html_blocks
from ingest.loaders.options import LoadOptions
from ingest.loaders.text import text_blocks
from rag.errors import DocumentError

SHOWN = ("From", "To", "Cc", "Date")
LONGEST_HEADER = 2_000  # characters: the standard library's parser of headers is not linear
MOST_ATTACHMENTS = 50
MOST_BYTES = 100 << 20  # of all attachments
DEEPEST = 3  # messages within messages
FORWARDED = "message/rfc822"


class ShortHeaders(EmailPolicy):
    """Parses no header that is long or broken: it is shown as it is written."""

    def header_fetch_parse(self, name: str, value: str) -> Any:
        """Return a header's value; of a part's long or broken description, how it begins."""
        if len(value) <= LONGEST_HEADER:
            with suppress(ValueError, IndexError, AttributeError, RecursionError):
                return super().header_fetch_parse(name, value)
        if name.lower().startswith("content-"):
            first = value[:LONGEST_HEADER].partition(";")[0]
            return super().header_fetch_parse(name, first)
        return one_line(value)


def load(path: Path, options: LoadOptions) -> Loaded:
    """Return a message: subject as heading, who and when, body, attachments with their names."""
    message = cast(MIMEPart, BytesParser(policy=ShortHeaders()).parsebytes(path.read_bytes()))
    if not any(name in message for name in ("From", "Subject", "Received", "Date")):
        raise DocumentError("it has no e-mail headers (From, Subject, Date); it is no e-mail")
    reader = _MailReader(options.password)
    blocks = tuple(reader.message(message, 1))
    return Loaded([Page(None, blocks)], tuple(reader.warnings))


@dataclass(slots=True)
class _MailReader:
    """Reads a message and what is attached to it, within limits for all of it together."""

    password: str
    warnings: list[str] = field(default_factory=list)
    _known: Container[str] = field(default_factory=suffixes)
    _count: int = 0
    _bytes: int = 0

    def message(self, message: MIMEPart, depth: int) -> Iterator[Block]:
        yield from block(one_line(message["Subject"] or ""), "heading", min(depth, 6))
        who = [f"{name}: {message[name]}" for name in SHOWN if message[name]]
        yield from block("\n".join(who))
        yield from _body(message)
        attached = list(_attachments(message))
        if names := [name for name, _ in attached if name]:
            yield from block(f"Attachments: {', '.join(names)}")
        for name, part in attached:
            yield from self._attachment(name, part, depth)

    def _attachment(self, name: str, part: MIMEPart, depth: int) -> Iterator[Block]:
        try:
            if part.get_content_type() == FORWARDED:
                yield from self._forwarded(part, depth)
            else:
                yield from self._file(name, part, depth)
        except DocumentError as error:
            self.warnings.append(f"the attachment {name or 'without a name'} was not read: {error}")

    def _forwarded(self, part: MIMEPart, depth: int) -> Iterable[Block]:
        if depth >= DEEPEST:
            raise DocumentError(f"it is a message within {depth} others")
        return self.message(next(part.iter_parts()), depth + 1)

    def _file(self, name: str, part: MIMEPart, depth: int) -> Iterable[Block]:
        suffix = PurePath(name).suffix.lower()
        if suffix not in self._known or suffix == ".eml":
            raise DocumentError("its format is not supported")
        content = part.get_payload(decode=True)
        data = content if isinstance(content, bytes) else b""
        self._count, self._bytes = self._count + 1, self._bytes + len(data)
        if self._count > MOST_ATTACHMENTS or self._bytes > MOST_BYTES:
            raise DocumentError(
                f"the message has more than {MOST_ATTACHMENTS} attachments or "
                f"{MOST_BYTES >> 20} MB of them; add it as a file of its own"
            )
        loaded = _read(data, self.password, name)
        self.warnings += (f"in the attachment {name}: {words}" for words in loaded.warnings)
        title = block(one_line(name), "heading", min(depth + 1, 6))
        return title + [replace(b, words=()) for page in loaded.pages for b in page.blocks]


def _read(data: bytes, password: str, name: str) -> Loaded:
    with tempfile.NamedTemporaryFile(prefix="ranklens-") as copy:
        copy.write(data)
        copy.flush()
        return read(Path(copy.name), LoadOptions(password), name)[1]


def _attachments(message: MIMEPart) -> Iterator[tuple[str, MIMEPart]]:
    """Yield the parts with a file's name and the forwarded messages, but nothing within these."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        forwarded = part.get_content_type() == FORWARDED and part.is_multipart()
        if part is not message and (forwarded or part.get_filename()):
            yield one_line(part.get_filename() or ""), part
        elif part.is_multipart():
            waiting += reversed(list(part.iter_parts()))


def _body(message: MIMEPart) -> list[Block]:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return []
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    try:
        text = data.decode(part.get_content_charset() or "ascii")
    except (LookupError, UnicodeDecodeError):
        text = decode(data) if data else ""
    return html_blocks(text) if part.get_content_subtype() == "html" else text_blocks(text)
