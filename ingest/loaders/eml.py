"""E-mail (RFC 5322), through the standard library; attached files become documents of their own."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import MIMEPart
from email.parser import BytesParser
from email.policy import EmailPolicy
from itertools import chain, count
from pathlib import Path, PurePath
from typing import Any, cast

from ingest.loaders import PICTURES, suffixes
from ingest.loaders.base import Block, Loaded, Page, block, one_line
from ingest.loaders.decode import decode
from ingest.loaders.html import html_blocks
from ingest.loaders.options import LoadOptions
from ingest.loaders.pictures import NEEDS_OCR
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
    """Return a message: subject as heading, who and when, body, the names of what is attached."""
    message = cast(MIMEPart, BytesParser(policy=ShortHeaders()).parsebytes(path.read_bytes()))
    if not any(name in message for name in ("From", "Subject", "Received", "Date")):
        raise DocumentError("it has no e-mail headers (From, Subject, Date); it is no e-mail")
    reader = _MailReader(with_pictures=options.pictures.asking)
    blocks = tuple(reader.message(message, 1))
    return Loaded([Page(None, blocks)], tuple(reader.warnings), tuple(reader.attached.items()))


@dataclass(slots=True)
class _MailReader:
    """Reads a message and those in it, and collects what is attached, within limits for all."""

    with_pictures: bool
    warnings: list[str] = field(default_factory=list)
    attached: dict[str, bytes] = field(default_factory=dict)
    _known: Container[str] = field(default_factory=suffixes)
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
            try:
                if part.get_content_type() == FORWARDED:
                    yield from self._forwarded(part, depth)
                else:
                    self._file(name, part)
            except DocumentError as error:
                named = f"the attachment {name or 'without a name'}"
                self.warnings.append(f"{named} was not added: {error}")

    def _forwarded(self, part: MIMEPart, depth: int) -> Iterable[Block]:
        if depth >= DEEPEST:
            raise DocumentError(f"it is a message within {depth} others")
        return self.message(next(part.iter_parts()), depth + 1)

    def _file(self, name: str, part: MIMEPart) -> None:
        suffix = PurePath(name).suffix.lower()
        if suffix not in self._known:
            raise DocumentError("its format is not supported")
        if suffix in PICTURES and _is_shown(part):
            raise DocumentError("it is a picture within the text")
        if suffix in PICTURES and not self.with_pictures:
            raise DocumentError(f"it is a picture; {NEEDS_OCR}")
        content = part.get_payload(decode=True)
        data = content if isinstance(content, bytes) else b""
        if len(self.attached) >= MOST_ATTACHMENTS or self._bytes + len(data) > MOST_BYTES:
            raise DocumentError(
                f"the message has more than {MOST_ATTACHMENTS} attachments or "
                f"{MOST_BYTES >> 20} MB of them; add it as a file of its own"
            )
        self._bytes += len(data)
        self.attached[self._unique(name)] = data

    def _unique(self, name: str) -> str:
        """Return a file's name without folders, numbered if another one has it."""
        path = PurePath(name.replace("\\", "/"))
        numbered = (f"{path.stem} ({n}){path.suffix}" for n in count(2))
        return next(one for one in chain((path.name,), numbered) if one not in self.attached)


def _is_shown(part: MIMEPart) -> bool:
    """Return whether a picture stands in the text (a logo), rather than beside it."""
    return part.get_content_disposition() == "inline" or part["Content-ID"] is not None


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
