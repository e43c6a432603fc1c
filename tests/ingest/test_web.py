"""Documents from addresses: what is refused, where redirects may lead, limits, names."""

import io
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpcore
import pytest

from ingest import web
from ingest.web import PublicOnly, checked, fetch, is_public
from rag.errors import DocumentError

HERE = "127.0.0.1"
PUBLIC = "93.184.216.34"


class Site(BaseHTTPRequestHandler):
    """Answers each path as `answers` has it: status, headers, pieces of the body."""

    def do_GET(self):
        type(self).hosts.append(self.headers["Host"])
        status, headers, pieces = self.answers[self.path]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        for piece in pieces:
            self.wfile.write(piece)
            self.wfile.flush()

    def log_message(self, *_):
        pass


@contextmanager
def site(**answers):
    handler = type(
        "Here", (Site,), {"answers": {f"/{k}": v for k, v in answers.items()}, "hosts": []}
    )
    server = ThreadingHTTPServer((HERE, 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.hosts = handler.hosts
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def names(monkeypatch):
    """Names and what they resolve to; the address PUBLIC leads to this machine's server."""
    known = {"public.example": [PUBLIC], "private.example": ["10.0.0.7"]}
    monkeypatch.setattr(web, "addresses_of", lambda host, port: known.get(host, [host]))
    connect = httpcore.SyncBackend.connect_tcp

    def connected(self, host, *rest, **more):
        return connect(self, HERE if host == PUBLIC else host, *rest, **more)

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connected)
    return known


def fetched(server, path, most_mb=1, seconds=5.0, host="public.example"):
    into = io.BytesIO()
    address = f"http://{host}:{server.server_port}/{path}"
    found = fetch(address, into, most_mb=most_mb, seconds=seconds)
    return found, into.getvalue()


def refused(server, path, **limits):
    with pytest.raises(DocumentError) as caught:
        fetched(server, path, **limits)
    return str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "0.0.0.1", "255.255.255.255", "224.0.0.1", "192.0.0.8", "198.18.0.1"),
        *("192.88.99.1", "240.0.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1"),
        *("fec0::1", "3fff::1", "168.63.129.16", "::ffff:168.63.129.16"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "2002:7f00:1::"),
        *("64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "2001::1", "2001:db8::1", "", "x"),
    ],
)
def test_addresses_of_this_machine_and_its_network_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111", "64:ff9b::5db8:d822"])
def test_addresses_of_the_internet_are(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    ["", "example.org", "file:///etc/passwd", "ftp://example.org/a", "http://", "http://[::1",
     "https://name:secret@example.org/", "http://example.org:99999/",
     "https://e.org/" + "a" * 2_000],
)  # fmt: skip
def test_what_is_no_address_of_the_web_is_refused(address):
    with pytest.raises(DocumentError) as caught:
        checked(address)
    assert "secret" not in str(caught.value)


def test_a_name_in_another_script_is_asked_for_as_the_network_writes_it():
    assert (
        checked(" https://bücher.example/ä b#part ") == "https://xn--bcher-kva.example/%C3%A4%20b"
    )


@pytest.mark.parametrize("host", ["localhost", HERE, "2130706433", "0x7f.1", "[::1]"])
def test_this_machine_is_never_asked(host):
    with site(a=(200, {}, [b"secret"])) as server:
        assert "no public address" in refused(server, "a", host=host)
        assert server.hosts == []


def test_all_addresses_of_a_name_are_checked(names):
    names["both.example"] = [PUBLIC, "192.168.1.1"]
    with site(a=(200, {}, [b"x"])) as server:
        assert "no public address" in refused(server, "a", host="both.example")
        assert "no public address" in refused(server, "a", host="private.example")
        assert server.hosts == []


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch):
    answers = iter([[PUBLIC], [HERE]])  # as a name that is rebound answers
    monkeypatch.setattr(web, "addresses_of", lambda host, port: next(answers))
    asked = []

    def connect(self, host, *rest, **more):
        asked.append(host)
        raise httpcore.ConnectError("no network")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    with pytest.raises(DocumentError, match=r"rebound\.example cannot be reached"):
        fetch("https://rebound.example/", io.BytesIO(), most_mb=1, seconds=5)
    assert asked == [PUBLIC]


@pytest.mark.usefixtures("names")
def test_a_document_is_fetched_with_its_name():
    body = [b"The Moon ", b"is round."]
    with site(**{
        "docs/moon": (200, {"Content-Type": "text/plain; charset=utf-8"}, body),
        "get?id=7": (200, {"Content-Disposition": 'attachment; filename="../q3.pdf"'}, body),
        "report.pdf": (200, {"Content-Type": "application/octet-stream"}, body),
    }) as server:  # fmt: skip
        found, data = fetched(server, "docs/moon#part")
        assert (found.name, data) == ("public.example/docs/moon.txt", b"The Moon is round.")
        assert fetched(server, "get?id=7")[0].name == "public.example/q3.pdf"
        assert fetched(server, "report.pdf")[0].name == "public.example/report.pdf"
        assert server.hosts[0].startswith("public.example")


@pytest.mark.usefixtures("names")
def test_every_redirect_is_checked():
    def to(place):
        return (302, {"Location": place}, [])

    with site(
        there=to("/moon.txt"), inside=to("http://private.example/"), loop=to("/loop"),
        meta=to("http://169.254.169.254/latest/meta-data/"), file=to("file:///etc/passwd"),
        login=to("http://a:b@public.example/"), **{"moon.txt": (200, {}, [b"round"])},
    ) as server:  # fmt: skip
        found, data = fetched(server, "there")
        assert (found.name, data) == ("public.example/moon.txt", b"round")
        for path in ("inside", "meta"):
            assert "no public address" in refused(server, path)
        assert "begins with http" in refused(server, "file")
        assert "name or password" in refused(server, "login")
        assert "more than 5 times" in refused(server, "loop")


@pytest.mark.usefixtures("names")
def test_what_is_too_large_too_slow_or_not_there_is_refused():
    def drip():
        for _ in range(100):
            time.sleep(0.1)
            yield b"."

    with site(
        long=(200, {"Content-Length": str(2 << 20)}, []), endless=(200, {}, [b"x" * (1 << 20)] * 3),
        slow=(200, {}, drip()), gone=(404, {}, [b"<h1>inside</h1>"]), empty=(200, {}, []),
        packed=(200, {"Content-Encoding": "gzip"}, [b"\x1f\x8b"]),
    ) as server:  # fmt: skip
        assert "more than 1 MB" in refused(server, "long")
        assert "more than 1 MB" in refused(server, "endless")
        began = time.monotonic()
        assert "in time" in refused(server, "slow", seconds=0.5)
        assert time.monotonic() - began < 8
        assert refused(server, "gone") == "public.example answered with status 404"
        assert "nothing at that address" in refused(server, "empty")
        assert "compressed" in refused(server, "packed")


def test_a_resolver_that_hangs_is_given_up(monkeypatch):
    done = threading.Event()
    monkeypatch.setattr(web, "addresses_of", lambda host, port: done.wait(30) and [])
    began = time.monotonic()
    with pytest.raises(DocumentError, match="in time"):
        fetch("https://slow.example/", io.BytesIO(), most_mb=1, seconds=0.3)
    assert time.monotonic() - began < 20
    done.set()


def test_a_name_that_is_nowhere_is_named(monkeypatch):
    def unknown(host, port):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(web, "addresses_of", unknown)
    with pytest.raises(DocumentError, match=r"cannot be reached: there is no such host"):
        fetch("https://nowhere.example/", io.BytesIO(), most_mb=1, seconds=5)


def test_no_address_leads_to_a_socket_of_this_machine():
    with pytest.raises(DocumentError):
        PublicOnly(time.monotonic() + 1).connect_unix_socket("/run/docker.sock")
