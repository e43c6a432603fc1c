"""Sending alerts to a webhook and by mail; the addresses are the owner's alone."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from urllib.parse import urlsplit

import httpx

from rag.errors import RanklensError
from rag.settings import Settings
from rag.settings.addresses import login, without_login
from rag.watch.figures import Alert

SECONDS = 10.0  # of a connection, and of each wait for an answer
SUBJECT = "Ranklens: beyond a threshold"


class AlertLost(RanklensError):
    """Alerts could not be sent; the message names the way and the reason."""


def send(found: Sequence[Alert], settings: Settings) -> None:
    """Send alerts all the ways that are set; raises `AlertLost` if one way failed."""
    problems = []
    for wanted, way in ((settings.alert_webhook_url, post), (settings.alert_email, mail)):
        if wanted:
            try:
                way(found, settings)
            except AlertLost as error:
                problems.append(str(error))
    if problems:
        raise AlertLost("; ".join(problems))


def post(found: Sequence[Alert], settings: Settings) -> None:
    """Post alerts as JSON to the address that was set, and to none that it redirects to."""
    body = {
        "text": "\n".join(alert.words for alert in found),  # what chat programs show
        "alerts": [
            {
                "option": one.option,
                "value": one.value,
                "threshold": one.threshold,
                "words": one.words,
            }
            for one in found
        ],
    }
    address = without_login(settings.alert_webhook_url)
    try:
        reply = httpx.post(
            address, json=body, timeout=SECONDS, follow_redirects=False,
            auth=login(settings.alert_webhook_url),
        )  # fmt: skip
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise AlertLost(
            f"alert_webhook_url could not be reached ({type(error).__name__})"
        ) from None
    if not reply.is_success:
        raise AlertLost(f"alert_webhook_url answered with status {reply.status_code}")


def mail(found: Sequence[Alert], settings: Settings) -> None:
    """Send alerts by mail; a password is sent only over an encrypted connection."""
    message = _message(found, settings)
    try:
        with _connected(settings) as server:
            _log_in(server, settings)
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        reason = getattr(error, "smtp_code", None) or type(error).__name__
        raise AlertLost(f"the mail server of smtp_url did not take the alert ({reason})") from None


def _message(found: Sequence[Alert], settings: Settings) -> EmailMessage:
    recipients = [one.strip() for one in settings.alert_email.split(",") if one.strip()]
    message = EmailMessage()
    try:
        message["Subject"] = SUBJECT
        message["From"] = settings.smtp_from or recipients[0]
        message["To"] = recipients
    except (ValueError, IndexError):
        raise AlertLost("alert_email or smtp_from is no mail address") from None
    message.set_content("\n".join(alert.words for alert in found))
    return message


def _connected(settings: Settings) -> smtplib.SMTP:
    try:
        parts = urlsplit(settings.smtp_url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = None, "", None
    if parts is None or parts.scheme not in ("smtp", "smtps") or not host:
        raise AlertLost("alert_email needs smtp_url, such as smtp://mail.example.org:587")
    if parts.scheme == "smtps":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, port or 465, timeout=SECONDS, context=context)
    server = smtplib.SMTP(host, port or 587, timeout=SECONDS)
    server.ehlo()
    if server.has_extn("starttls"):
        server.starttls(context=ssl.create_default_context())
    return server


def _log_in(server: smtplib.SMTP, settings: Settings) -> None:
    if not settings.smtp_user:
        return
    if not isinstance(server.sock, ssl.SSLSocket):
        raise AlertLost("smtp_url has no encryption, so the password was not sent")
    server.login(settings.smtp_user, settings.smtp_key.get_secret_value())
