"""The headers of what the page's server sends; `serve.guard` decides whom it answers."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import streamlit

from serve.guard import HEADERS

# What every page runs from its first moment; Streamlit loads components later.
EARLY = Path(__file__).parent / "shared" / "clicks.js"
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def response_headers() -> dict[str, str]:
    """Return the headers of every response."""
    return {**HEADERS, "Content-Security-Policy": _content_policy()}


def _content_policy() -> str:
    """Return what a page from here may load and run: only what this server sends.

    Streamlit's components bring their styles inline, their scripts as blobs and a font as data. Its
    start page has one script inline, and so has every page of ours: their digests name them.
    """
    start = Path(streamlit.__file__).parent / "static" / "index.html"
    scripts = [*_INLINE.findall(start.read_text("utf-8")), EARLY.read_text("utf-8")]
    inline = " ".join(map(_digest, scripts))
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {inline} blob:",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "frame-src 'none'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def _digest(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
