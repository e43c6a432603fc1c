"""`ranklens users`: granting, revoking, blocking, and the audit log."""

from __future__ import annotations

from pathlib import Path

import pytest

from ranklens import people
from ranklens.library import Library
from ranklens.policy import Role
from tests.ui.cli.conftest import Run


@pytest.fixture
def folder(library: Library) -> Path:
    """The folder of a library that is open all the time."""
    return library.settings.library


def test_a_role_is_granted_and_revoked_while_the_library_is_open(
    run: Run, folder: Path, library: Library
):
    done = run("--library", folder, "users", "grant", "Ada@Example.org", "judge")
    assert done.code == 0, done.err
    assert "sign_in is not set" in done.err
    people.forget_rights()
    assert people.visitor(library, "ada@example.org").role() == Role.JUDGE
    listed = run("--library", folder, "users").out.splitlines()
    assert listed[1].split("\t")[:3] == ["ada@example.org", "judge", "all collections"]
    assert run("--library", folder, "users", "revoke", "ada@example.org").code == 0
    people.forget_rights()
    assert people.visitor(library, "ada@example.org").highest == Role.NONE


def test_a_role_in_a_collection_that_is_not_there(run: Run, folder: Path):
    done = run("--library", folder, "users", "grant", "ada", "viewer", "--collection", "Nowhere")
    assert done.code == 1
    assert "there is no collection 'Nowhere'" in done.err


def test_a_blocked_account_has_no_rights_whatever_is_granted(
    run: Run, folder: Path, library: Library
):
    run("--library", folder, "users", "grant", "ada", "admin")
    run("--library", folder, "users", "block", "ada")
    people.forget_rights()
    assert people.visitor(library, "ada").highest == Role.NONE
    assert "(blocked)" in run("--library", folder, "users").out
    run("--library", folder, "users", "block", "ada", "--undo")
    people.forget_rights()
    assert people.visitor(library, "ada").is_admin


def test_the_audit_log_has_all_of_it_and_is_safe_in_a_spreadsheet(run: Run, folder: Path):
    run("--library", folder, "users", "grant", "=cmd()", "viewer")
    shown = run("--library", folder, "users", "audit")
    assert "=cmd(): viewer in all collections" in shown.out
    assert "(command line)" in shown.out
    csv = run("--library", folder, "users", "audit", "--csv").out.splitlines()
    assert csv[0] == "time,account,action,what"
    assert "'=cmd(): viewer" in csv[1]


def test_a_key_needs_an_account_where_people_sign_in(
    run: Run, folder: Path, library: Library, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("RANKLENS_SIGN_IN", "oidc")
    refused = run("--library", folder, "keys", "add", "notebook")
    assert refused.code == 2
    assert "--account ACCOUNT" in refused.err
    made = run("--library", folder, "keys", "add", "notebook", "--account", "Ada")
    assert library.keys.find(made.out.strip()).account == "ada"
