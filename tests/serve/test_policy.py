"""The one policy, over every route that the API has: a new one cannot be left out."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import pytest
from starlette.routing import Mount, Route
from starlette.websockets import WebSocketDisconnect

import serve.app
from rag.settings import Settings
from ranklens.library import Library
from serve.library import OpenLibrary
from serve.policy import Access, Caller, decide, is_local, rule_of
from serve.stopping import Stopping
from tests.serve.conftest import OWN, MakeClient, open_library

EVIL = "evil.example"
AWAY = "192.0.2.7"


def operations() -> Iterator[tuple[str, str]]:
    """Every (method, path) below /api; a mounted app counts as one path below it."""
    app = serve.app.create(OpenLibrary(lambda: None, Settings), Stopping())
    for route in [*app.routes, *(r for router in serve.app.ROUTERS for r in router.routes)]:
        if isinstance(route, Mount):
            yield from (("GET", f"{route.path}/x"), ("POST", f"{route.path}/x"))
        elif isinstance(route, Route):
            for method in sorted(route.methods - {"HEAD"}):
                yield method, re.sub(r"{.*?}", "x", route.path)


OPERATIONS = sorted({*operations()})
every = pytest.mark.parametrize(("method", "path"), OPERATIONS)
CLOSED = [one for one in OPERATIONS if rule_of(*one).access > Access.LOCAL]


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Iterator[Library]:
    """An empty library with a key of every scope, named as its scope."""
    with open_library(tmp_path_factory.mktemp("keyed")) as opened:
        opened.secrets = {scope: opened.keys.add(scope, scope)[0] for scope in SCOPES}
        yield opened


SCOPES = ("read", "write", "admin")


def test_the_routes_are_there():
    assert ("GET", "/health") in OPERATIONS
    assert ("GET", "/v1/documents") in CLOSED
    assert len(OPERATIONS) > 2


OPEN = ("/health", "/ready")


@every
def test_only_health_answers_without_a_key_on_another_address(
    stocked: Library, client_of: MakeClient, method: str, path: str
):
    reply = client_of(stocked, client=AWAY).request(method, f"/api{path}")
    assert (reply.status_code != 401) == (path in OPEN)


@every
def test_a_proxy_on_this_machine_is_another_address(
    stocked: Library, client_of: MakeClient, method: str, path: str
):
    through = {"X-Forwarded-For": AWAY}
    reply = client_of(stocked).request(method, f"/api{path}", headers=through)
    assert (reply.status_code != 401) == (path in OPEN)


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_once_there_are_keys_everybody_needs_one(
    library: Library, client_of: MakeClient, method: str, path: str
):
    assert client_of(library).request(method, f"/api{path}").status_code == 401
    for wrong in ("x", "rl_00000000_x", library.secrets["admin"][:-1] + "!"):
        reply = client_of(library, key=wrong).request(method, f"/api{path}")
        assert reply.status_code == 401
        assert reply.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_a_key_opens_what_its_scope_covers(
    library: Library, client_of: MakeClient, method: str, path: str
):
    needed = rule_of(method, path).access
    for scope, client in itertools.product(SCOPES, ("127.0.0.1", AWAY)):
        allowed = Access[scope.upper()] >= needed
        if allowed and (method != "GET" or path in ("/v1/doctor", "/v1/indexing/events")):
            continue  # would do it, or follow it; what it does is tested elsewhere
        reply = client_of(library, library.secrets[scope], client).request(method, f"/api{path}")
        assert (reply.status_code == 403) != allowed
        assert reply.status_code != 401


FOREIGN = (
    {"Host": EVIL},
    {"Host": f"127.0.0.1.{EVIL}"},
    {"Origin": f"http://{EVIL}"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"},
)


@every
def test_other_web_sites_reach_no_route(
    library: Library, client_of: MakeClient, method: str, path: str
):
    for headers, key in itertools.product(FOREIGN, ("", library.secrets["admin"])):
        reply = client_of(library, key).request(method, f"/api{path}", headers=headers)
        assert reply.status_code == 403
        assert reply.headers["content-type"] == "application/problem+json"


def test_a_revoked_key_opens_nothing_and_its_library_stays_closed(
    settings: Settings, client_of: MakeClient, tmp_path
):
    with open_library(tmp_path) as library:
        secret, _ = library.keys.add("once")
        assert client_of(library, secret).get("/api/v1/documents").status_code == 200
        library.keys.revoke("once")
        assert client_of(library, secret).get("/api/v1/documents").status_code == 401
        assert client_of(library).get("/api/v1/documents").status_code == 401


def test_behind_a_reverse_proxy_only_a_key_opens_anything(client_of: MakeClient, tmp_path):
    with open_library(tmp_path, page_hosts="docs.example.org") as library:
        api = client_of(library)
        assert api.get("/api/health").status_code == 200
        for host in (OWN, "docs.example.org"):
            for path in ("/v1/documents", "/v1/keys", "/openapi.json"):
                assert api.get(f"/api{path}", headers={"Host": host}).status_code == 401
        secret, _ = library.keys.add("once")
        assert client_of(library, secret).get("/api/v1/documents").status_code == 200


def test_a_key_may_come_beside_a_password(library: Library, client_of: MakeClient):
    password = {"Authorization": "Basic YTpi"}
    api, path = client_of(library), "/api/v1/documents"
    assert api.get(path, headers=password).status_code == 401
    for key, status in ((library.secrets["read"], 200), ("rl_00000000_x", 401)):
        assert api.get(path, headers={**password, "X-API-Key": key}).status_code == status


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v9/none", 404),
        ("DELETE", "/v9/none", 404),
        ("DELETE", "/v1/search", 405),
        ("POST", "/v1/text", 405),
        ("DELETE", "/v1/documents/none.md", 403),
    ],
)
def test_what_is_not_there_needs_no_scope(
    library: Library, client_of: MakeClient, method: str, path: str, status: int
):
    assert client_of(library).request(method, f"/api{path}").status_code == 401
    reader = client_of(library, library.secrets["read"])
    assert reader.request(method, f"/api{path}").status_code == status


def test_no_websocket_is_accepted(library: Library, client_of: MakeClient):
    api = client_of(library, library.secrets["admin"])
    with pytest.raises(WebSocketDisconnect), api.websocket_connect("/api/v1/documents"):
        pass


def test_what_no_rule_names_needs_a_scope():
    assert rule_of("GET", "/v9/new").access == Access.READ
    assert {rule_of(m, "/v9/new").access for m in ("POST", "PUT", "DELETE")} == {Access.WRITE}
    assert rule_of("POST", "/health").access == Access.WRITE


@pytest.mark.parametrize("needed", [Access.LOCAL, Access.READ, Access.WRITE, Access.ADMIN])
def test_nobody_but_this_machine_is_answered_without_keys(needed: Access):
    assert decide(needed, Caller(local=True), keyless=True) == "allowed"
    assert decide(needed, Caller(local=False), keyless=True) == "key needed"


def test_a_key_of_no_scope_reads_the_reference_only_elsewhere():
    reader = Caller(local=False, scope=Access.READ)
    assert decide(Access.LOCAL, reader, keyless=False) == "allowed"
    assert decide(Access.LOCAL, Caller(local=True), keyless=False) == "allowed"
    assert decide(Access.LOCAL, Caller(local=False), keyless=False) == "key needed"


@pytest.mark.parametrize(
    ("client", "headers", "local"),
    [
        ("127.0.0.1", {"host": OWN}, True),
        ("127.8.8.8", {"host": "localhost:1"}, True),
        ("::ffff:127.0.0.1", {"host": OWN}, True),
        ("::1", {"host": "localhost"}, True),
        ("::ffff:192.0.2.1", {"host": OWN}, False),
        (AWAY, {"host": OWN}, False),
        ("", {"host": OWN}, False),
        ("testclient", {"host": OWN}, False),
        ("127.0.0.1", {"host": "docs.example.org"}, False),
        ("127.0.0.1", {}, False),
        ("127.0.0.1", {"host": OWN, "forwarded": "for=127.0.0.1"}, False),
        ("127.0.0.1", {"host": OWN, "x-forwarded-for": "127.0.0.1"}, False),
        ("127.0.0.1", {"host": OWN, "via": "1.1 proxy"}, False),
        *(
            ("127.0.0.1", {"host": OWN, name: AWAY}, False)
            for name in ("x-forwarded-proto", "x-client-ip", "cf-connecting-ip", "true-client-ip")
        ),
    ],
)
def test_who_is_on_this_machine(client: str, headers: dict[str, str], local: bool):
    assert is_local(client, headers) == local
