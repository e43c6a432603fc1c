"""Requests of web sites that somebody visits while the page runs, and the headers of replies."""

import pytest

from rag.errors import SettingsError
from rag.settings import Settings
from serve.guard import refusal
from tests.security.attacks import EVIL, assert_closed_to_others, send
from ui import served
from ui.headers import response_headers

HOSTS = frozenset({"127.0.0.1", "localhost", "docs.example.org"})
OWN = "127.0.0.1:8501"


def request(scope_type="http", method="GET", **headers):
    given = {"host": OWN, **headers}
    raw = [(k.replace("_", "-").encode(), v.encode()) for k, v in given.items()]
    return {"type": scope_type, "method": method, "headers": raw}


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": f"http://{OWN}"},
        {"host": "LOCALHOST:9"},
        {"host": "localhost."},
        {"host": "docs.example.org", "origin": "https://docs.example.org"},
        {"sec_fetch_site": "same-origin", "sec_fetch_mode": "cors"},
        {"sec_fetch_site": "none", "sec_fetch_mode": "navigate"},
    ],
)
def test_the_page_s_own_requests_are_let_in(kind, headers):
    assert refusal(request(kind, **headers), HOSTS) == ""


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    "headers",
    [
        {"host": EVIL},
        {"host": ""},
        {"host": f"127.0.0.1.{EVIL}"},
        {"host": f"a@{OWN}"},
        {"host": f"{OWN}, {EVIL}"},
        {"host": f"{OWN}/../"},
        {"host": "[::1"},
        {"host": "0.0.0.0:8501"},
        {"origin": f"http://{EVIL}"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://127.0.0.1:8502"},
        {"origin": "http://localhost:8501"},
        {"origin": "file://"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors", "sec_fetch_dest": "image"},
        {"sec_fetch_site": "same-site", "sec_fetch_mode": "cors", "sec_fetch_dest": "empty"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"},
    ],
)
def test_requests_of_other_sites_are_refused(kind, headers):
    assert refusal(request(kind, **headers), HOSTS)


def test_a_second_host_or_origin_is_refused():
    scope = request(origin=f"http://{OWN}")
    assert refusal({**scope, "headers": [*scope["headers"], (b"host", EVIL.encode())]}, HOSTS)
    evil = (b"origin", f"http://{EVIL}".encode())
    assert refusal({**scope, "headers": [*scope["headers"], evil]}, HOSTS)


def test_a_link_to_the_page_can_be_followed_but_no_form_sent():
    opened = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}
    opened["sec_fetch_dest"] = "document"
    assert refusal(request(**opened), HOSTS) == ""
    assert refusal(request(method="POST", **opened), HOSTS)


def test_a_running_page_is_closed_to_others(address):
    assert_closed_to_others(address)


STREAMLITS = (
    "/", "/library", "/nothing", "/static/x.js", "/media/x", "/component/x",
    "/_stcore/health", "/_stcore/host-config", "/_stcore/metrics", "/_stcore/script-health-check",
    "/_stcore/bidi-components/x", "/_stcore/upload_file/s/f", "/_stcore/stream",
    "/_stcore/agent/interact", "/_stcore/agent/openapi.json", "/_stcore/agent/mcp",
)  # fmt: skip


def test_every_route_passes_the_guard(address):
    ours = [route.path for route in served.routes()]
    assert "/metrics" in ours
    for path in (*ours, *STREAMLITS):
        for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"):
            assert send(address, path, method, host=EVIL).status == 403, (method, path)
            assert send(address, path, method, Origin=f"http://{EVIL}").status == 403, path


def test_streamlit_s_programs_interface_is_off(address):
    reply = send(address, "/_stcore/agent/interact", "POST", b"{}")
    assert reply.status == 403
    assert b"does not serve the agent API" in reply.body


@pytest.mark.parametrize(
    "path", ["/", "/metrics", "/_stcore/health", "/media/none", "//evil", "/x"]
)
def test_every_reply_has_the_headers(address, path):
    reply = send(address, path)
    for name, value in response_headers().items():
        assert reply.headers[name.lower()] == value, name
    assert "access-control-allow-origin" not in reply.headers
    refused = send(address, path, host=EVIL)
    assert refused.headers["x-content-type-options"] == "nosniff"


def test_the_content_policy_lets_nothing_in_from_elsewhere():
    policy = dict(
        part.split(" ", 1) for part in response_headers()["Content-Security-Policy"].split("; ")
    )
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert policy["default-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in policy["script-src"]
    assert not any("http" in value or "*" in value for value in policy.values())


def test_names_of_a_proxy_are_let_in_with_their_origin():
    hosts = Settings(page_hosts="docs.example.org, Wiki.example.org").hosts()
    assert hosts == ("docs.example.org", "wiki.example.org")
    for wrong in ("http://docs.example.org", "*", "docs.example.org:8443", "a/b"):
        with pytest.raises(SettingsError, match="page_hosts"):
            Settings().updated(page_hosts=wrong)
