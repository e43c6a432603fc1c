"""Errors in the form that each protocol's clients read: the problem's words, under their names.

Whatever answers a request below a compatible path (policy, queue, limits, validation, a use case)
answers with a problem; `OwnForms` rewrites it on its way out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve.access import below_mount
from serve.problems import MEDIA_TYPE

Problem = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ErrorForm:
    """How a protocol writes an error; ``invalid`` is its status of a request that is not valid."""

    title: str
    write: Callable[[Problem, int], dict[str, Any]]
    members: Mapping[str, str]
    invalid: int = 422

    def status(self, status: int) -> int:
        """Return the protocol's status for a problem's."""
        return self.invalid if status == 422 else status

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of the body."""
        properties = {name: {"type": kind} for name, kind in self.members.items()}
        return {
            "type": "object",
            "title": self.title,
            "description": "An error in the form that the protocol's clients read.",
            "required": list(properties),
            "properties": properties,
        }


def _openai(problem: Problem, status: int) -> dict[str, Any]:
    faults = problem.get("faults") or [{"at": []}]
    kinds = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
    kind = kinds.get(status, "invalid_request_error" if status < 500 else "server_error")
    inner = {
        "message": problem["detail"],
        "type": kind,
        "param": ".".join(str(part) for part in faults[0]["at"][1:]) or None,
        "code": problem["type"].rpartition(":")[2],
    }
    return {"error": inner}


def _cohere(problem: Problem, _status: int) -> dict[str, Any]:
    return {"message": problem["detail"]}


def _jina(problem: Problem, _status: int) -> dict[str, Any]:
    return {"detail": problem["detail"]}


def _tei(problem: Problem, status: int) -> dict[str, Any]:
    kind = "Overloaded" if status == 429 else "Validation" if status < 500 else "Backend"
    return {"error": problem["detail"], "error_type": kind}


OPENAI = ErrorForm("OpenAIError", _openai, {"error": "object"}, invalid=400)
FORMS = (
    ("/v2/rerank", ErrorForm("CohereError", _cohere, {"message": "string"}, invalid=400)),
    ("/v1/rerank", ErrorForm("JinaError", _jina, {"detail": "string"})),
    ("/rerank", ErrorForm("TEIError", _tei, {"error": "string", "error_type": "string"})),
    ("/v1/chat/completions", OPENAI),
    ("/v1/embeddings", OPENAI),
    ("/v1/models*", OPENAI),
    ("/v1/vector_stores*", OPENAI),
)


def form_of(path: str) -> ErrorForm | None:
    """Return the form of errors below a path (below ``/api``), None for problems as they are."""
    return next((form for pattern, form in FORMS if fnmatchcase(path, pattern)), None)


def written(form: ErrorForm, problem: Problem) -> tuple[int, dict[str, Any]]:
    """Return the status and the body of a problem in a form."""
    status = form.status(problem["status"])
    return status, form.write(problem, status)


class OwnForms:
    """ASGI middleware: writes problems below compatible paths in the form of their protocol."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        form = form_of(below_mount(scope)) if scope["type"] == "http" else None
        await self._app(scope, receive, _Rewriting(form, scope, receive, send) if form else send)


class _Rewriting:
    """Passes on what is sent; a problem is held back until it is complete, and written anew."""

    def __init__(self, form: ErrorForm, scope: Scope, receive: Receive, send: Send) -> None:
        self._form, self._scope, self._receive, self._send = form, scope, receive, send
        self._headers: Headers | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = Headers(raw=message["headers"])
            if headers.get("content-type") == MEDIA_TYPE:
                self._headers = headers
                return
        if self._headers is None:
            await self._send(message)
            return
        self._body += message.get("body", b"")
        if not message.get("more_body"):
            status, body = written(self._form, json.loads(self._body))
            kept = {n: v for n, v in self._headers.items() if not n.startswith("content-")}
            await JSONResponse(body, status, kept)(self._scope, self._receive, self._send)
