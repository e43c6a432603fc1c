"""Documents as resources: their list, a page at a time, and their text, a part at a time."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

from mcp.types import (
    BlobResourceContents,
    ListResourcesResult,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextResourceContents,
)

from rag.errors import NotThere
from ranklens import Library
from serve.mcp.replies import ROOT, uri_of

PAGE = 100  # documents in a list
PART = 100_000  # characters of a text that are read at once
TEMPLATE = ResourceTemplate(
    name="document",
    title="A document's text",
    uri_template=ROOT + "{name}{?start}",
    description=f"The text of a document, at most {PART:,} characters from start on.",
    mime_type="text/plain",
)


def listed(library: Library, cursor: str | None) -> ListResourcesResult:
    """Return a page of the documents that can be read; the cursor is the place of its first."""
    start = int(cursor) if cursor and cursor.isdecimal() and len(cursor) < 10 else 0
    ready = [one for one in library.documents() if one.status == "ready"]
    page = [
        Resource(name=one.name, uri=uri_of(one.name), mime_type="text/plain")
        for one in ready[start : start + PAGE]
    ]
    more = str(start + PAGE) if start + PAGE < len(ready) else None
    return ListResourcesResult(resources=page, next_cursor=more)


def read(library: Library, uri: str) -> ReadResourceResult:
    """Return a part of a document's text, and where the next one is; raises `NotThere`."""
    name, start = _name_and_start(uri)
    text = library.text(name)
    part = text[start : start + PART]
    contents: list[TextResourceContents | BlobResourceContents] = [
        TextResourceContents(uri=uri, mime_type="text/plain", text=part)
    ]
    end = start + len(part)
    if end < len(text):
        following = f"{uri_of(name)}?start={end}"
        note = f"Characters {start} to {end} of {len(text)}. The next part is {following}"
        contents.append(TextResourceContents(uri=following, mime_type="text/plain", text=note))
    return ReadResourceResult(contents=contents)


def _name_and_start(uri: str) -> tuple[str, int]:
    if not uri.startswith(ROOT):
        raise NotThere(f"there is no resource {uri[:200]!r}; addresses begin with {ROOT}")
    parts = urlsplit(uri)
    start = parse_qs(parts.query).get("start", ["0"])[0]
    if not start.isdecimal() or len(start) > 12:
        raise NotThere(f"start is {start[:20]!r}, not a number of characters")
    return unquote(parts.path.removeprefix("/")), int(start)
