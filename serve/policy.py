"""Who may do what over HTTP: the one policy, which every route below ``/api`` is asked through.

A route is named by its method and its path; what no rule names needs ``read`` for GET and ``write``
for everything else, so a new route cannot be open by mistake.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from fnmatch import fnmatchcase
from typing import Literal

from ranklens.policy import Role, Visitor
from serve.guard import LOOPBACK, host_of

HEADERS_OF_PROXIES = (
    "forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
    "x-forwarded-port", "x-forwarded-server", "x-real-ip", "x-client-ip", "x-cluster-client-ip",
    "x-original-forwarded-for", "x-envoy-external-address", "cf-connecting-ip", "cf-ray",
    "true-client-ip", "fastly-client-ip", "fly-client-ip",
)  # fmt: skip


class Access(IntEnum):
    """What a route asks of its caller; a scope of a key covers the scopes below it.

    ``OPEN`` asks nothing, ``LOCAL`` a program on this machine or any key.
    """

    OPEN = 0
    LOCAL = 1
    READ = 2
    WRITE = 3
    ADMIN = 4


@dataclass(frozen=True, slots=True)
class Rule:
    """What a route asks for.

    One that does not ``wait`` takes no turn in the queue: it takes no time, or stays open. A body
    with ``files`` may be as large as a file.
    """

    methods: str
    path: str
    access: Access
    wait: bool = True
    files: bool = False


# The first that fits holds. `*` in a path stands for anything, slashes included.
RULES = (
    Rule("GET", "/health", Access.OPEN, wait=False),
    Rule("GET", "/ready", Access.OPEN, wait=False),
    Rule("GET", "/openapi.json", Access.LOCAL, wait=False),
    Rule("GET", "/reference*", Access.LOCAL, wait=False),
    Rule("POST", "/v1/documents", Access.WRITE, wait=False, files=True),
    Rule("POST", "/v1/judgements/file", Access.WRITE, files=True),
    Rule("POST", "/v1/evaluations/replay", Access.WRITE, files=True),
    Rule("POST", "/v1/question-sets", Access.WRITE, files=True),
    Rule("POST", "/v1/datasets", Access.WRITE, files=True),
    Rule("GET", "/v1/indexing*", Access.READ, wait=False),
    Rule("GET", "/v1/jobs*", Access.READ, wait=False),
    Rule("POST", "/v1/jobs/*", Access.WRITE, wait=False),
    *(
        Rule("GET POST PUT PATCH DELETE", f"/v1/{name}*", Access.ADMIN)
        for name in ("keys", "settings", "doctor", "verify", "rebuild", "folders", "downloads")
    ),
    Rule("POST DELETE", "/v1/learned/adoptions", Access.ADMIN),
    Rule("POST DELETE", "/v1/tuned/adoptions", Access.ADMIN),
    # A viewer shares what it sees; whose a link is, is asked of the link.
    Rule("POST DELETE", "/v1/shares*", Access.READ),
    *(
        Rule("POST", f"/v1/{name}", Access.READ)
        for name in ("search", "ask", "where", "compare", "texts/rerank")
    ),
    # The compatible routes change nothing either.
    *(Rule("POST", path, Access.READ) for path in ("/rerank", "/v1/rerank", "/v2/rerank")),
    *(Rule("POST", f"/v1/{name}", Access.READ) for name in ("chat/completions", "embeddings")),
    Rule("POST", "/v1/vector_stores/*/search", Access.READ),
    Rule("POST", "/mcp", Access.READ),
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request: a program on this machine or not, and the scope of its key, if any.

    With sign-in ``account`` is whose key it is, and ``scope`` not above what that account may do
    anywhere; ``most`` limits it in each collection.
    """

    local: bool
    scope: Access | None = None
    name: str = ""
    account: str = ""
    most: Role = Role.ADMIN


Verdict = Literal["allowed", "key needed", "scope needed"]

# What a route asks of an account: the least role somewhere. What it then may see and change is
# asked of each object (`ranklens.members`).
_ROLES: Mapping[Role, Access] = {
    Role.VIEWER: Access.READ,
    Role.JUDGE: Access.WRITE,
    Role.EDITOR: Access.WRITE,
    Role.ADMIN: Access.ADMIN,
}


def of_visitor(visitor: Visitor, local: bool, name: str, most: Role) -> Caller:
    """Return the caller that an account's key stands for."""
    held = visitor.limited(most).highest
    if held == Role.ADMIN and not visitor.limited(most).is_admin:
        held = Role.EDITOR
    return Caller(local, _ROLES.get(held), name, visitor.account, most)


def rule_of(method: str, path: str) -> Rule:
    """Return the rule for a route; ``path`` is below ``/api``."""
    method = "GET" if method == "HEAD" else method
    for rule in RULES:
        if method in rule.methods.split() and fnmatchcase(path, rule.path):
            return rule
    return Rule(method, path, Access.READ if method == "GET" else Access.WRITE)


def decide(needed: Access, caller: Caller, keyless: bool) -> Verdict:
    """Return whether a caller is answered.

    ``keyless``: the library has no keys. Then programs on this machine may do everything, and
    nobody else anything. Once it has one, every request needs a key.
    """
    if needed == Access.OPEN or (needed == Access.LOCAL and caller.local):
        return "allowed"
    if keyless:
        return "allowed" if caller.local else "key needed"
    if caller.scope is None:
        return "key needed"
    return "allowed" if caller.scope >= needed else "scope needed"


def is_local(client: str, headers: Mapping[str, str]) -> bool:
    """Return whether a request comes from a program on this machine, and through no proxy.

    ``client`` is the address that the connection comes from. A request that a proxy on this
    machine passes on comes from the loopback address too; it names another host or the proxy.
    """
    if any(name in headers for name in HEADERS_OF_PROXIES):
        return False
    return host_of(headers.get("host", "")) in LOOPBACK and _is_loopback(client)


def _is_loopback(client: str) -> bool:
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
