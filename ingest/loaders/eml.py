"""E-mail (RFC 5322), through the standard library."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from ingest.loaders.base import Block, Page, block, one_line
from ingest.loaders.decode import decode
from ingest.loaders.html import html_blocks
from ingest.loaders.text import text_blocks
from rag.errors import DocumentError

SHOWN = ("From", "To", "Cc", "Date")


def load(path: Path, password: str = "") -> list[Page]:
    """Return a message: subject as heading, who and when, body, the names of its attachments."""
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    if not any(name in message for name in ("From", "Subject", "Received", "Date")):
        raise DocumentError("it has no e-mail headers (From, Subject, Date); it is no e-mail")
    subject = block(one_line(_header(message, "Subject")), "heading", 1)
    who = [f"{name}: {_header(message, name)}" for name in SHOWN if _header(message, name)]
    names = [name for part in message.walk() if (name := part.get_filename())]
    attached = block(f"Attachments: {', '.join(names)}") if names else []
    return [Page(None, (*subject, *block("\n".join(who)), *_body(message), *attached))]


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name, ""))
    except (ValueError, IndexError, AttributeError):  # the parser of broken addresses gives up
        raw = next((v for k, v in message.raw_items() if k.lower() == name.lower()), "")
        return one_line(str(raw))


def _body(message: EmailMessage) -> list[Block]:
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
