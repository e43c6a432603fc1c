"""The one policy: roles, actions, collections, and the limit of a key."""

import pytest

from rag.errors import Refused
from rag.store.accounts import ALL
from ranklens.policy import ACTIONS, EVERYWHERE, NOBODY, OWNER, Role, Visitor, may, require

EVERY = [*ACTIONS, *EVERYWHERE, "what nobody has thought of"]


@pytest.mark.parametrize("action", EVERY)
def test_the_owner_may_do_everything_and_nobody_nothing(action):
    assert may(OWNER, action)
    assert may(OWNER, action, [7])
    assert not may(NOBODY, action)
    assert not may(NOBODY, action, [7])
    assert not may(NOBODY, action, [])


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("role", list(Role))
def test_a_role_covers_those_below_it_in_its_collection_only(action, role):
    visitor = Visitor("a", {7: role})
    assert may(visitor, action, [7]) == (role >= ACTIONS[action])
    assert not may(visitor, action, [7, 8])
    assert not may(visitor, action, [8])
    assert not may(visitor, action, [])  # in no collection: a matter of the whole library


@pytest.mark.parametrize("action", EVERYWHERE)
def test_what_concerns_the_library_needs_a_role_in_all_of_it(action):
    assert not may(Visitor("a", {7: Role.ADMIN}), action)
    assert may(Visitor("a", {ALL: EVERYWHERE[action]}), action)
    assert not may(Visitor("a", {ALL: Role(EVERYWHERE[action] - 1)}), action)


def test_what_no_line_names_only_an_admin_may():
    assert not may(Visitor("a", {ALL: Role.EDITOR}), "unknown", [7])


def test_a_key_has_never_more_rights_than_its_scope_or_its_account():
    admin, viewer = Visitor("a", {ALL: Role.ADMIN}), Visitor("b", {7: Role.VIEWER})
    assert admin.limited(Role.VIEWER).role(7) == Role.VIEWER
    assert not admin.limited(Role.EDITOR).is_admin
    assert viewer.limited(Role.ADMIN).role(7) == Role.VIEWER
    assert admin.limited(Role.VIEWER).limited(Role.ADMIN).highest == Role.VIEWER


def test_a_refusal_names_the_role():
    with pytest.raises(Refused, match="role editor here"):
        require(Visitor("a", {7: Role.JUDGE}), "remove", [7])
    with pytest.raises(Refused, match="role admin in all collections"):
        require(Visitor("a", {7: Role.JUDGE}), "people")
