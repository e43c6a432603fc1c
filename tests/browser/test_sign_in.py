"""Signing in at a real OpenID Connect provider on this machine, with a browser."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ROOT, WAIT, free_port
from tests.servers.page import started

pytestmark = pytest.mark.skipif(
    not os.environ.get("EVERY_VISITOR"), reason="takes half a minute: make isolation"
)
ADA = "ada@example.org"
PEOPLE = [
    {"sub": "ada", "email": ADA, "email_verified": True},
    {"sub": "bob", "email": "bob@example.org", "email_verified": True},
    {"sub": "eve", "email": ADA, "email_verified": False},
]


def ranklens(library, *arguments):
    command = [sys.executable, "-m", "ui.cli", "--library", str(library), *map(str, arguments)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def provider():
    """Run a provider in a process of its own; yields its address."""
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    command += [word for one in PEOPLE for word in ("--user-claims", json.dumps(one))]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        try:
            until_it_answers(f"http://127.0.0.1:{port}/.well-known/openid-configuration")
            yield f"http://127.0.0.1:{port}"
        finally:
            running.terminate()


def until_it_answers(address):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the provider did not come up at {address}")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sign in")
    library, paper = folder / "library", folder / "walrus.md"
    paper.write_text("# The walrus\n\nThe walrus rests on ice in the summer.\n")
    ranklens(library, "ingest", paper)
    ranklens(library, "users", "grant", ADA, "viewer", "--collection", "default")
    port = free_port()
    with provider() as there:
        settings = {
            "RANKLENS_LIBRARY": str(library),
            "RANKLENS_SIGN_IN": "oidc",
            "RANKLENS_OIDC_METADATA_URL": f"{there}/.well-known/openid-configuration",
            "RANKLENS_OIDC_CLIENT_ID": "ranklens",
            "RANKLENS_OIDC_CLIENT_SECRET": "secret of the client",
            "RANKLENS_OIDC_REDIRECT_URL": f"http://127.0.0.1:{port}/oauth2callback",
            "AUTHLIB_INSECURE_TRANSPORT": "1",  # of the provider, which speaks no TLS here
        }
        command = [sys.executable, "-P", "-m", "ui.server", str(port)]
        with started(command, port, **settings) as address:
            yield address, library


@pytest.fixture
def visit(browser):
    """Return a function that opens an address as somebody new; the provider's page may load less.

    That page asks for a style sheet from elsewhere, which is not fetched.
    """
    contexts = []

    def open_page(address):
        contexts.append(browser.new_context())
        contexts[-1].route("https://**", lambda route: route.abort())
        page = contexts[-1].new_page()
        page.set_default_timeout(WAIT)
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()


def signed_in(page, address, subject):
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=subject, exact=True).click()
    page.wait_for_url(f"{address}/")
    page.goto(f"{address}/library")


def test_people_sign_in_and_see_what_they_were_granted(visit, server):
    address, library = server
    page = visit(f"{address}/library")
    expect(page.get_by_text("Sign in to ask your documents.")).to_be_visible()
    forged = '{"is_logged_in": true, "email": "ada@example.org", "email_verified": true}'
    page.context.add_cookies([{"name": "_streamlit_user", "value": forged, "url": address}])
    page.reload()
    expect(page.get_by_text("Sign in to ask your documents.")).to_be_visible()
    assert "walrus" not in page.content()
    signed_in(page, address, "ada")
    expect(page.get_by_text("walrus.md").first).to_be_attached()
    assert ADA in ranklens(library, "users")
    ranklens(library, "users", "revoke", ADA)
    # The page looks every half a minute by itself; a click looks at once.
    page.reload()
    expect(page.get_by_text("You have no access yet")).to_be_visible()
    assert "walrus" not in page.content()
    for subject, words in (
        ("bob", "You have no access yet"),
        ("eve", "has not verified your e-mail address"),
    ):
        other = visit(f"{address}/library")
        signed_in(other, address, subject)
        expect(other.get_by_text(words)).to_be_visible()
        assert "walrus" not in other.content()
