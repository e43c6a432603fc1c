"""Accounts, grants and the audit log as they are stored."""

import pytest

from rag.errors import NotThere, RanklensError
from rag.store.accounts import ALL, EVERYONE, Accounts, Grant, checked_name
from rag.store.catalogue import Catalogue


@pytest.fixture
def accounts(database):
    catalogue = Catalogue(database)
    yield Accounts(catalogue.engine)
    catalogue.close()


def test_who_signs_in_gets_an_account_and_no_right(accounts):
    accounts.note("ada@example.org")
    accounts.note("ada@example.org")
    (only,) = accounts.all()
    assert only.seen is not None
    assert accounts.grants(["ada@example.org"]) == []


def test_a_grant_takes_the_place_of_the_one_before_in_its_collection(accounts):
    accounts.grant("Ada@Example.org ", 3, "viewer")
    accounts.grant("ada@example.org", 3, "editor")
    accounts.grant("ada@example.org", 4, "judge")
    accounts.grant(EVERYONE, 3, "viewer")
    mine = accounts.grants(["ada@example.org"])
    assert mine == [
        Grant("ada@example.org", 3, "editor"),
        Grant("ada@example.org", 4, "judge"),
    ]
    assert accounts.revoke("ada@example.org", 3) == 1
    assert accounts.revoke("ada@example.org") == 1
    assert [one.account for one in accounts.grants()] == [EVERYONE]


@pytest.mark.parametrize(
    ("name", "collection", "role"),
    [("a", 3, "admin"), (EVERYONE, ALL, "admin"), ("a", 3, "king"), (" ", 3, "viewer")],
)
def test_what_cannot_be_granted(accounts, name, collection, role):
    with pytest.raises(RanklensError):
        accounts.grant(name, collection, role)
    assert accounts.grants() == []


def test_an_account_is_blocked_and_back(accounts):
    accounts.note("ada")
    accounts.block("ada")
    assert accounts.find("ada").blocked
    accounts.block("ada", blocked=False)
    assert not accounts.find("ada").blocked
    with pytest.raises(NotThere):
        accounts.block("bob")


def test_the_audit_log_is_newest_first(accounts):
    for what in ("one.md", "two.md"):
        accounts.record("ada", "added", what)
    assert [(one.account, one.action, one.what) for one in accounts.audit()] == [
        ("ada", "added", "two.md"),
        ("ada", "added", "one.md"),
    ]


@pytest.mark.parametrize("name", ["strauß@example.org", "ſam", "ﬁona", "ｍax"])
def test_a_name_that_could_be_taken_for_another_is_refused(name):
    with pytest.raises(RanklensError, match="written in another way"):
        checked_name(name)
    assert checked_name(" Ada@Example.org ") == "ada@example.org"
