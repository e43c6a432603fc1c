"""The one policy: who may do what, in which collections. Everything that shows or changes asks it.

A role covers the roles below it. It is held in a collection, or in all of them (`ALL`). What no
line of `ACTIONS` names may nobody do but an admin.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from types import MappingProxyType

from rag.errors import Refused
from rag.store.accounts import ALL


class Role(IntEnum):
    """What somebody is in a collection."""

    NONE = 0
    VIEWER = 1
    JUDGE = 2
    EDITOR = 3
    ADMIN = 4


# The least role of each action.
ACTIONS: Mapping[str, Role] = MappingProxyType(
    {
        "see": Role.VIEWER,
        "ask": Role.VIEWER,
        "share": Role.VIEWER,
        "judge": Role.JUDGE,
        "vote": Role.JUDGE,
        "measure": Role.JUDGE,
        "add": Role.EDITOR,
        "remove": Role.EDITOR,
        "collect": Role.EDITOR,
    }
)
# These are about the library as a whole: a role in one collection does not count.
EVERYWHERE: Mapping[str, Role] = MappingProxyType(
    {
        "make collections": Role.EDITOR,
        "pipelines": Role.EDITOR,
        "see the log": Role.ADMIN,
        "settings": Role.ADMIN,
        "models": Role.ADMIN,
        "people": Role.ADMIN,
    }
)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who looks or calls. ``roles`` is collection's number (or `ALL`) → role.

    ``most`` is a limit: a key has never more rights than its scope, nor than its account.
    ``account`` is empty for the one person of a library without sign-in.
    """

    account: str
    roles: Mapping[int, Role] = field(default_factory=dict)
    most: Role = Role.ADMIN

    def role(self, collection: int = ALL) -> Role:
        """Return the role in a collection; without one, the role in all of them."""
        held = max(self.roles.get(ALL, Role.NONE), self.roles.get(collection, Role.NONE))
        return min(held, self.most)

    @property
    def highest(self) -> Role:
        """The highest role in any collection."""
        return min(max(self.roles.values(), default=Role.NONE), self.most)

    @property
    def is_admin(self) -> bool:
        """Whether everything is allowed."""
        return self.role() == Role.ADMIN

    @property
    def sees_all(self) -> bool:
        """Whether every collection can be seen, those of later too."""
        return self.role() >= Role.VIEWER

    def limited(self, most: Role) -> Visitor:
        """Return the same one with no more rights than a role has."""
        return replace(self, most=min(most, self.most))

    def within(self, least: Role, collections: Iterable[int]) -> frozenset[int]:
        """Return those of these collections in which the role is ``least`` or higher."""
        return frozenset(one for one in collections if self.role(one) >= least)


OWNER = Visitor("", MappingProxyType({ALL: Role.ADMIN}))
"""The one person of a library without sign-in, and whoever uses the command line."""
NOBODY = Visitor("")


def may(visitor: Visitor, action: str, collections: Iterable[int] | None = None) -> bool:
    """Return whether a visitor may do something, in every one of these collections.

    Without collections: somewhere, for what is done in collections; and no collection at all is
    nowhere. What concerns the whole library needs the role in all of it.
    """
    if action in EVERYWHERE or action not in ACTIONS:
        return visitor.role() >= EVERYWHERE.get(action, Role.ADMIN)
    least = ACTIONS[action]
    if collections is None:
        return visitor.highest >= least
    found = list(collections)
    if not found:
        return visitor.role() >= least
    return all(visitor.role(one) >= least for one in found)


def require(visitor: Visitor, action: str, collections: Iterable[int] | None = None) -> None:
    """Raise `Refused` unless a visitor may do something."""
    if not may(visitor, action, collections):
        raise Refused(refusal(action))


def refusal(action: str) -> str:
    """Return in words which role an action needs."""
    where = "here"
    if action not in ACTIONS:
        where = "in all collections"
    role = ACTIONS.get(action) or EVERYWHERE.get(action, Role.ADMIN)
    return f"this needs the role {role.name.lower()} {where}; an administrator gives it"
