"""Keys, links and saved settings, as one visitor may see and change them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rag.errors import NotThere
from rag.store.api_keys import ApiKey, KeyScope
from rag.store.shares import Share, SharedKind
from ranklens.members.rights import Part
from ranklens.policy import Role

_SCOPES: Mapping[KeyScope, Role] = {"read": Role.VIEWER, "write": Role.EDITOR, "admin": Role.ADMIN}


def role_of(scope: KeyScope) -> Role:
    """Return the role that a key's scope does not go beyond."""
    return _SCOPES[scope]


class MemberKeys(Part):
    """A visitor's own keys; an admin's list has all."""

    def all(self) -> list[ApiKey]:
        """Return the keys, revoked ones too."""
        visitor = self._rights.visitor
        held: list[ApiKey] = self._beneath().all()
        return [one for one in held if visitor.is_admin or one.account == visitor.account]

    def none(self) -> bool:
        """Whether no key was ever made; with sign-in that opens nothing."""
        return False

    def add(self, name: str, scope: KeyScope = "read", account: str = "") -> tuple[str, ApiKey]:
        """Make a key of the visitor's account; an admin names another account."""
        account = account or self._rights.account
        if account != self._rights.account:
            self._rights.require("people")
        self._rights.require("see")
        if scope == "admin":
            self._rights.require("people")
        made: tuple[str, ApiKey] = self._beneath().add(name, scope, account)
        self._rights.note("made the key", f"{made[1].name} ({scope}) of {account}")
        return made

    def revoke(self, name: str) -> ApiKey:
        """Make a key useless."""
        if not any(one.name == name and not one.revoked for one in self.all()):
            raise NotThere(f"there is no key {name!r} in use")
        self._rights.note("revoked the key", name)
        return self._beneath().revoke(name)  # type: ignore[no-any-return]


class MemberSaved(Part):
    """Saved options and model connections: everybody's to read, an admin's to change."""

    passes = frozenset({"options", "connections", "in_use"})

    def save(self, name: str, value: Any) -> None:
        """Save an option's value."""
        self._change("saved the option", name)
        self._beneath().save(name, value)

    def forget(self, name: str) -> None:
        """Forget what was saved of an option."""
        self._change("reset the option", name)
        self._beneath().forget(name)

    def connect(self, one: Any) -> None:
        """Save a model connection."""
        self._change("saved the model connection", f"{one.name}: {one.model}")
        self._beneath().connect(one)

    def disconnect(self, name: str) -> None:
        """Remove a model connection."""
        self._change("removed the model connection", name)
        self._beneath().disconnect(name)

    def _change(self, action: str, what: str) -> None:
        self._rights.require("settings")
        self._rights.note(action, what)


class MemberShares(Part):
    """Links that a visitor made; an admin's list has all."""

    def share(
        self, kind: SharedKind, title: str, target: Mapping[str, Any], collection: str,
        seconds: float,
    ) -> tuple[str, Share]:  # fmt: skip
        """Make a link to something of a collection."""
        key = self._rights.collection(collection)
        self._rights.require("share", [key])
        account = self._rights.account
        made: tuple[str, Share] = self._beneath().share(account, kind, title, target, key, seconds)
        self._rights.note("shared", f"{kind}: {title}")
        return made

    def all(self) -> list[Share]:
        """Return the links, the newest first."""
        visitor = self._rights.visitor
        return self._beneath().shared(None if visitor.is_admin else visitor.account)  # type: ignore[no-any-return]

    def unshare(self, share_id: int) -> Share:
        """Revoke a link."""
        visitor = self._rights.visitor
        owner = None if visitor.is_admin else visitor.account
        gone: Share = self._beneath().unshare(share_id, owner)
        self._rights.note("revoked the link", f"{gone.kind}: {gone.title}")
        return gone

    def followed(self, secret: str) -> Share | None:
        """Return what a link stands for: to anybody with a role somewhere."""
        self._rights.require("see")
        return self._beneath().followed(secret)  # type: ignore[no-any-return]
