"""Every error that a route raises on purpose, answered as a problem."""

from __future__ import annotations

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from rag.errors import RanklensError
from serve.problems import ProblemResponse, of_error, problem


def handle_errors(app: Starlette) -> None:
    """Have an app answer every expected error with a problem."""
    app.add_exception_handler(RanklensError, _ours)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)


async def _ours(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, RanklensError)  # noqa: S101 - registered for it
    return of_error(error, str(request.app.state.opened.settings.library))


async def _http(_request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    return problem(error.status_code, error.detail, headers=error.headers)


async def _invalid(_request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    faults = [{"at": list(one["loc"]), "reason": one["msg"]} for one in error.errors()]
    if isinstance(error.body, bytes):  # it was not read as JSON
        reason = "the body is no JSON; send it with the header Content-Type: application/json"
        faults.insert(0, {"at": ["body"], "reason": reason})
    first = "; ".join(f"{'.'.join(map(str, one['at']))}: {one['reason']}" for one in faults[:5])
    return problem(422, first, "invalid", "The request is not valid", faults=faults)
