"""Errors as problems (RFC 9457, ``application/problem+json``): one table of errors and statuses."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse

from rag.errors import (
    DatabaseUnavailable,
    DocumentError,
    FilesUnavailable,
    FilterError,
    GenerationError,
    LibraryError,
    LibraryInUse,
    LibraryMismatch,
    ModelError,
    NotThere,
    ProviderError,
    RanklensError,
    Refused,
    RerankError,
    SettingsError,
    StorageError,
)

UNEXPECTED = "Unexpected error. Details are in the server log."
MEDIA_TYPE = "application/problem+json"
TYPE = "urn:ranklens:problem:"
# The first class that an error is of holds: status, the end of its type, title.
_ERRORS: tuple[tuple[type[RanklensError], int, str, str], ...] = (
    (Refused, 403, "role", "This needs another role"),
    (LibraryInUse, 503, "library-in-use", "Another program has the library open"),
    (LibraryMismatch, 503, "library-mismatch", "The library was indexed with other settings"),
    (DatabaseUnavailable, 503, "database-unavailable", "The library's database cannot be reached"),
    (FilesUnavailable, 503, "files-unavailable", "The library's files cannot be reached"),
    (StorageError, 507, "storage", "The library's disk is full or faulty"),
    (DocumentError, 422, "document", "The document cannot be read"),
    (NotThere, 404, "not-there", "The library has nothing of that name"),
    (LibraryError, 409, "library", "The library cannot do this"),
    (SettingsError, 422, "option", "An option is not right"),
    (FilterError, 422, "filter", "No such document to ask"),
    (ModelError, 503, "model", "The model cannot be loaded"),
    (ProviderError, 502, "provider", "A provider's server failed"),
    (RerankError, 502, "reranker", "The reranker failed"),
    (GenerationError, 502, "generator", "The answer could not be written"),
    (RanklensError, 422, "request", "This cannot be done"),
)


class ProblemResponse(JSONResponse):
    """A problem as JSON."""

    media_type = MEDIA_TYPE


def problem(
    status: int,
    detail: str,
    kind: str = "",
    title: str = "",
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> ProblemResponse:
    """Return a problem; ``kind`` is the end of its type, ``more`` are members of its own."""
    content = {
        "type": TYPE + kind if kind else "about:blank",
        "title": title or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **more,
    }
    return ProblemResponse(content, status, headers)


def of_error(error: RanklensError, library: str = "") -> ProblemResponse:
    """Return the problem for an error of this project, without the library's folder in it."""
    status, kind, title = next(row[1:] for row in _ERRORS if isinstance(error, row[0]))
    wait = getattr(error, "wait", None)
    headers = {"Retry-After": str(max(1, round(wait)))} if wait else None
    return problem(status, in_words(error, library), kind, title, headers)


def in_words(error: RanklensError, library: str = "") -> str:
    """Return an error's text, without the library's folder in it."""
    return str(error).replace(library, "the library") if library else str(error)
