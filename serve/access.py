"""The policy at the door: who calls is found out once, and the policy asked, for every request."""

from __future__ import annotations

from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from rag.errors import RanklensError
from ranklens import Library, people
from ranklens.members.managed import role_of
from serve.library import OpenLibrary
from serve.policy import Access, Caller, decide, is_local, of_visitor, rule_of
from serve.problems import ProblemResponse, of_error, problem

_NOT_ANYWHERE = (
    "The account of this key has no role in any collection; an administrator gives it one."
)
_NO_KEY = (
    "This needs a key: `Authorization: Bearer KEY`, or `X-API-Key: KEY`. `ranklens keys add NAME` "
    "makes one, and the Settings page too."
)


class AccessCheck:
    """ASGI middleware: lets through whom the policy allows; the others get a problem.

    What it found out of the caller is ``scope["state"]["caller"]``; ``scope["state"]["refused"]``
    asks again, for replies that take long.
    """

    def __init__(self, app: ASGIApp, opened: OpenLibrary) -> None:
        self._app = app
        self._opened = opened
        # Behind a reverse proxy, what seems to come from this machine may come from anywhere.
        self._proxied = bool(opened.settings.hosts())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] == "websocket":  # no route is one
            await WebSocketClose(1008)(scope, receive, send)
            return
        refused = await self._refusal(scope) if scope["type"] == "http" else None
        await (refused or self._app)(scope, receive, send)

    async def _refusal(self, scope: Scope) -> ProblemResponse | None:
        headers = Headers(scope=scope)
        client = scope["client"][0] if scope.get("client") else ""
        local = not self._proxied and is_local(client, headers)
        needed = rule_of(scope["method"], below_mount(scope)).access
        caller, keyless = Caller(local), True
        if decide(needed, caller, keyless) != "allowed" or needed > Access.LOCAL:
            try:
                caller, keyless = await run_in_threadpool(self._known, headers, local)
            except RanklensError as error:  # the library cannot be opened
                shown = of_error(error, str(self._opened.settings.library))
                return shown if local else problem(503, "The library is not open.")
        scope.setdefault("state", {}).update(caller=caller, refused=partial(self._refusal, scope))
        verdict = decide(needed, caller, keyless)
        if verdict == "key needed" and caller.account:
            return problem(403, _NOT_ANYWHERE, "role")
        if verdict == "key needed":
            return problem(401, _NO_KEY, "key", headers={"WWW-Authenticate": "Bearer"})
        if verdict == "scope needed" and _exists(scope):  # else: 404 or 405
            detail = f"The key {caller.name!r} has no {needed.name.lower()} scope."
            return problem(403, detail, "scope")
        return None

    def _known(self, headers: Headers, local: bool) -> tuple[Caller, bool]:
        """Return the caller, and whether the library has no keys.

        With sign-in it counts as having some, and a key without an account opens nothing.
        """
        library = self._opened.get()
        if library.given.has_accounts:
            return _with_account(library, headers, local), False
        if library.keys.none():
            return Caller(local), True
        key = library.keys.find(_secret(headers))
        if key is None or key.account:  # without sign-in nothing would hold it to its account
            return Caller(local), False
        return Caller(local, Access[key.scope.upper()], key.name), False


def _with_account(library: Library, headers: Headers, local: bool) -> Caller:
    """Return whose key a request brings, with the rights that this account has now."""
    key = library.keys.find(_secret(headers))
    if key is None or not key.account:
        return Caller(local)
    return of_visitor(people.visitor(library, key.account), local, key.name, role_of(key.scope))


def is_admin(library: Library, headers: Headers) -> bool:
    """Return whether a request brings an administrator's key, for what is beside the API."""
    return _with_account(library, headers, False).scope == Access.ADMIN


def _exists(scope: Scope) -> bool:
    """Return whether the app has a route for a request."""
    return any(route.matches(scope)[0] == Match.FULL for route in scope["app"].routes)


def _secret(headers: Headers) -> str:
    """Return the key that a request brings: behind a password, `Authorization` is not free."""
    if own := headers.get("x-api-key", ""):
        return own.strip()
    kind, _, secret = headers.get("authorization", "").partition(" ")
    return secret.strip() if kind.lower() == "bearer" else ""


def below_mount(scope: Scope) -> str:
    """Return a request's path below the mount of the app that it is in."""
    return str(scope["path"]).removeprefix(scope.get("root_path", "")) or "/"
