"""Alerts reach a real web server and a real mail server, or say why they did not."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from rag.settings import Settings
from rag.watch import sending
from rag.watch.figures import Alert
from rag.watch.sending import AlertLost, send
from tests.servers.page import free_port

ALERT = Alert("alert_rerank_ms", 812.0, 500.0)
WORDS = "Reranking takes 812 ms or more for one question in 20; alert_rerank_ms is 500 ms."


@contextmanager
def web_server(status: int = 204) -> Iterator[tuple[str, list[tuple[str, str, bytes]]]]:
    """Yield an address and what arrives there: (path, authorization, body)."""
    arrived: list[tuple[str, str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            arrived.append((self.path, self.headers.get("Authorization", ""), body))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", arrived
    finally:
        server.shutdown()
        server.server_close()


class Mailbox:
    """What a mail server took."""

    def __init__(self) -> None:
        self.letters: list[tuple[list[str], str]] = []
        self.logins: list[tuple[bytes, bytes]] = []

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, _server, _session, envelope
    ):
        self.letters.append((envelope.rcpt_tos, envelope.content.decode()))
        return "250 OK"

    def log_in(self, _server, _session, _envelope, _mechanism, data):
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"right")


@contextmanager
def mail_server(box: Mailbox, **options) -> Iterator[str]:
    port = free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield f"smtp://localhost:{port}"
    finally:
        controller.stop()


def test_a_webhook_gets_the_alert_in_words_and_figures():
    with web_server() as (address, arrived):
        send([ALERT], Settings(alert_webhook_url=address))
    ((path, _, body),) = arrived
    assert path == "/hook"
    found = json.loads(body)
    assert found["text"] == WORDS
    assert found["alerts"][0]["option"] == "alert_rerank_ms"
    assert (found["alerts"][0]["value"], found["alerts"][0]["threshold"]) == (812.0, 500.0)


def test_a_webhooks_login_is_sent_as_such():
    with web_server() as (address, arrived):
        send([ALERT], Settings(alert_webhook_url=address.replace("//", "//ann:secret@")))
    assert arrived[0][1].startswith("Basic ")


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_webhook_that_does_not_take_it_is_named_and_no_redirect_followed(status: int):
    with web_server(status) as (address, arrived), pytest.raises(AlertLost, match=str(status)):
        send([ALERT], Settings(alert_webhook_url=address))
    assert [path for path, _, _ in arrived] == ["/hook"]


def test_nobody_there_is_an_error_without_the_address():
    settings = Settings(
        alert_webhook_url="http://ann:secret@127.0.0.1:1/x",
        alert_email="ann@example.org",
        smtp_url="smtp://127.0.0.1:1",
    )
    with pytest.raises(AlertLost) as raised:
        send([ALERT], settings)
    assert "alert_webhook_url" in str(raised.value)
    assert "smtp_url" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_letter_reaches_every_recipient():
    box = Mailbox()
    with mail_server(box) as address:
        settings = Settings(alert_email="ann@example.org, bo@example.org", smtp_url=address)
        send([ALERT], settings)
    ((recipients, text),) = box.letters
    assert recipients == ["ann@example.org", "bo@example.org"]
    assert "From: ann@example.org" in text
    assert "Reranking takes 812 ms" in text


def test_a_password_is_not_sent_without_encryption():
    box = Mailbox()
    options = {"authenticator": box.log_in, "auth_require_tls": False}
    with mail_server(box, **options) as address:
        settings = Settings(
            alert_email="ann@example.org", smtp_url=address, smtp_user="ann", smtp_key="right"
        )
        with pytest.raises(AlertLost, match="no encryption"):
            send([ALERT], settings)
    assert (box.letters, box.logins) == ([], [])


@pytest.mark.parametrize("password", ["right", "wrong"])
def test_a_password_is_sent_encrypted_to_a_server_with_a_valid_certificate(
    monkeypatch, tmp_path: Path, password: str
):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setattr(sending, "SECONDS", 2.0)  # a server that refuses a login says no more
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    box = Mailbox()
    options = {"authenticator": box.log_in, "auth_required": True, "tls_context": context}
    with mail_server(box, **options) as address:
        settings = Settings(
            alert_email="ann@example.org", smtp_url=address, smtp_user="ann", smtp_key=password
        )
        if password == "wrong":
            with pytest.raises(AlertLost, match="did not take the alert"):
                send([ALERT], settings)
        else:
            send([ALERT], settings)
    assert (b"ann", password.encode()) in box.logins
    assert len(box.letters) == (password == "right")


def test_a_certificate_that_nobody_vouches_for_gets_nothing():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    box = Mailbox()
    with mail_server(box, tls_context=context) as address:
        settings = Settings(alert_email="ann@example.org", smtp_url=address)
        with pytest.raises(AlertLost, match="SSLCertVerificationError"):
            send([ALERT], settings)
    assert box.letters == []


@pytest.mark.parametrize("address", ["", "ftp://host", "smtp://", "smtp://[::1"])
def test_mail_without_a_server_says_what_is_missing(address: str):
    with pytest.raises(AlertLost, match="smtp_url"):
        send([ALERT], Settings(alert_email="ann@example.org", smtp_url=address))


def test_a_line_break_in_a_recipient_writes_no_header():
    box = Mailbox()
    with mail_server(box) as address, pytest.raises(AlertLost, match="no mail address"):
        send([ALERT], Settings(alert_email="ann@example.org\nBcc: x@y.z", smtp_url=address))
    assert box.letters == []
