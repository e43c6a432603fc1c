"""`ranklens keys` and `ranklens serve`."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from rag.settings import Settings
from ranklens.keys import keys_of
from ranklens.library import Library
from tests.servers.page import free_port
from tests.ui.cli.conftest import Run


@pytest.fixture
def folder(library: Library) -> Path:
    """The folder of a library that is open all the time."""
    return library.settings.library


def test_keys_are_made_while_a_server_has_the_library_open(
    run: Run, folder: Path, library: Library
):
    made = run("--library", folder, "keys", "add", "note book", "--scope", "write")
    assert made.code == 0
    secret = made.out.strip()
    assert library.keys.find(secret).scope == "write"
    listed = run("--library", folder, "keys")
    assert listed.out == run("--library", folder, "keys", "list").out
    row = listed.out.splitlines()[1].split("\t")
    assert row[:3] == ["note book", "write", f"{secret[:11]}_…"]
    assert secret not in listed.out
    assert run("keys", "revoke", "note book", "--library", folder).out == "revoked: note book\n"
    assert library.keys.find(secret) is None
    again = run("--library", folder, "keys", "revoke", "note book")
    assert again.code == 1
    assert "there is no key 'note book' in use" in again.err


def test_the_library_may_be_named_before_the_command(run: Run, folder: Path, library: Library):
    made = run("keys", "--library", folder, "add", "notebook")
    assert made.code == 0, made.err
    assert library.keys.find(made.out.strip()).name == "notebook"
    assert "notebook" in run("keys", "--library", folder, "list").out
    assert "notebook" in run("keys", "--library", folder).out
    assert run("keys", "--library", folder, "revoke", "notebook").code == 0
    assert library.keys.find(made.out.strip()) is None


def test_keys_make_an_old_library_private(run: Run, folder: Path):
    catalogue = folder / "catalogue.sqlite"
    catalogue.chmod(0o644)
    assert run("--library", folder, "keys", "list").code == 0
    assert catalogue.stat().st_mode & 0o777 == 0o600


def test_keys_need_a_library(run: Run, tmp_path: Path):
    ran = run("--library", tmp_path / "none", "keys")
    assert ran.code == 1
    assert "there is no library" in ran.err
    assert not (tmp_path / "none").exists()


def test_a_wrong_scope_is_wrong_usage(run: Run, folder: Path):
    assert run("--library", folder, "keys", "add", "x", "--scope", "root").code == 2


def test_serve_opens_the_library_and_closes_it(
    run: Run, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    served = []
    monkeypatch.setattr(
        "serve.running.run", lambda library, *where: served.append((library, *where))
    )
    port = free_port()
    ran = run("--library", settings.library, "serve", "--port", port)
    assert ran.code == 0, ran.err
    ((library, host, _),) = served
    assert host == "127.0.0.1"
    assert library.settings.library == settings.library
    assert ran.err == f"Serving http://127.0.0.1:{port}/api (Ctrl-C stops)\n"
    elsewhere = run("--library", settings.library, "serve", "--host", "127.0.0.2", "--port", 0)
    assert "`ranklens keys add NAME` makes one" in elsewhere.err
    assert "page_hosts" in elsewhere.err
    with keys_of(settings) as keys:
        assert keys.none()
    with Library.open(settings):  # nobody holds it any more
        pass


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("no such name", "is no address of this machine"),
        ("192.0.2.1", "no address of this machine"),
    ],
)
def test_an_address_of_elsewhere_is_one_sentence(run: Run, tmp_path: Path, host: str, why: str):
    ran = run("--library", tmp_path / "new", "serve", "--host", host)
    assert ran.code == 1
    assert ran.err.count("\n") == 1
    assert why in ran.err


def test_a_port_in_use_is_one_sentence(run: Run, tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = run("--library", tmp_path / "new", "serve", "--port", port)
    assert ran.code == 1
    assert ran.err == (
        f"ranklens: cannot listen on 127.0.0.1, port {port}: another program listens there; "
        "choose another with --port N\n"
    )
