"""Links that share one conversation, comparison, evaluation or count of votes, to be read only.

Whoever has signed in and has the link sees that one thing and nothing beside it, until it is over
or revoked, and as long as the one who shared it may still see it themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rag.errors import LibraryError, NotThere
from rag.store.accounts import Share, SharedKind
from rag.trace import to_dict
from ranklens import asking, evaluations, voting
from ranklens.comparing import SideBySide, describe_pipeline
from ranklens.measuring import Figures, outside
from ranklens.members import MemberLibrary, member_of
from ranklens.policy import Role

if TYPE_CHECKING:
    from ranklens.library import Library

__all__ = ["Share", "SharedKind"]

DAY = 86400.0
MOST_DAYS = 90


@dataclass(frozen=True, slots=True)
class SharedThing:
    """What a link shows: of which kind, by whom, until when, and the thing as JSON's own types."""

    kind: SharedKind
    title: str
    account: str
    expires: datetime
    shown: Mapping[str, Any]
    figures: Figures | None = None  # of an evaluation


def share(
    library: Library, kind: SharedKind, key: str = "", days: float = 7.0, collection: str = ""
) -> tuple[str, Share]:
    """Make a link; returns its secret, which is shown this once, and what is kept of it.

    ``key`` is the id of a conversation or an evaluation; a comparison's is that of a trace which
    the API keeps; that of votes is a round's (`Tally.round`), or nothing for all rounds. Votes are
    those on passages of a ``collection``. Raises `NotThere` for what the visitor does
    not see, and `LibraryError` if people do not sign in here.
    """
    member = _member(library)
    title, target, within = _target(library, kind, key, collection)
    return _made(member, kind, title, target, within, days)


def _made(
    member: MemberLibrary, kind: SharedKind, title: str, target: Mapping[str, Any],
    collection: str, days: float,
) -> tuple[str, Share]:  # fmt: skip
    if not 0 < days <= MOST_DAYS:
        raise LibraryError(f"a link holds for up to {MOST_DAYS} days")
    return member.shares.share(kind, title, target, collection, days * DAY)  # type: ignore[no-any-return]


def share_comparison(
    library: Library, made: SideBySide, collection: str, days: float = 7.0
) -> tuple[str, Share]:
    """Make a link to pipelines side by side on a question, as they are now."""
    names = {side.name: describe_pipeline(library.settings, side.name) for side in made.sides}
    sides = [
        {"pipeline": names[side.name], "problem": side.problem,
         "trace": to_dict(side.trace) if side.trace else None}
        for side in made.sides
    ]  # fmt: skip
    target = {"question": made.question, "pipelines": sides}
    return _made(_member(library), "comparison", made.question, target, collection, days)


def shared(library: Library) -> list[Share]:
    """Return the links that the visitor made, an administrator's list has all."""
    return _member(library).shares.all()  # type: ignore[no-any-return]


def unshare(library: Library, share_id: int) -> None:
    """Revoke a link: one's own, or any as an administrator; raises `NotThere`."""
    _member(library).shares.unshare(share_id)


def follow(library: Library, secret: str) -> SharedThing:
    """Return what a link shares; raises `NotThere` if it is revoked, over or never was."""
    member = _member(library)
    found: Share | None = member.shares.followed(secret)
    if found is None:
        raise NotThere("this link does not lead anywhere: it is over, revoked, or not whole")
    sharer = member_of(member.rights.library, found.account, Role.VIEWER)
    shown, figures = _shown(sharer, found)
    return SharedThing(found.kind, found.title, found.account, found.expires, shown, figures)


def _member(library: Library) -> MemberLibrary:
    if not isinstance(library, MemberLibrary):
        raise LibraryError("links are for people with accounts: the option sign_in is not set")
    return library


def _target(
    library: Library, kind: SharedKind, key: str, collection: str
) -> tuple[str, dict[str, Any], str]:
    """Return a title, what is kept of the thing, and the collection that it belongs to."""
    if kind == "conversation":
        if (chat := library.conversations.get(key)) is None:
            raise NotThere(f"there is no conversation {key[:40]!r}")
        return chat.title, {"id": key}, asking.collection_of(library, key)
    if kind == "evaluation":
        record = library.evaluations.record(key)
        return record.name, {"id": record.id}, record.collection
    if kind == "comparison":
        trace = library.recent_traces.get(key)
        within = asking.filter_of(trace).collection
        return trace.question, {"trace": to_dict(trace)}, within
    library.collections.id_of(collection)
    if not key:
        return f"Votes in {collection}", {}, collection
    for tally, _ in voting.counted(library, collection):
        if tally.round == key:
            return f"Votes on {tally.kind} of {tally.pair}", {"round": key}, collection
    raise NotThere(f"there is no round of votes {key[:40]!r} in {collection!r}")


def _shown(sharer: Library, found: Share) -> tuple[dict[str, Any], Figures | None]:
    """Return the thing as the one who shared it may see it now; raises `NotThere`."""
    name = sharer.collections.by_id().get(found.collection_id)
    if name is None:
        raise NotThere("this link does not lead anywhere any more")
    if found.kind == "conversation":
        turns = [
            {"question": turn.question, "trace": to_dict(turn.trace)}
            for turn in asking.turns(sharer, found.target["id"])
        ]
        return {"turns": turns}, None
    if found.kind == "evaluation":
        figures = evaluations.figures(sharer, found.target["id"])[0]
        return outside(figures), figures
    if found.kind == "comparison":
        return _comparison(sharer, found.target), None
    made = [tally for tally, _ in voting.counted(sharer, name)]
    wanted = found.target.get("round")
    tallies = [
        {"round": one.round, "pair": one.pair, "p": one.p, **asdict(one)}
        for one in made
        if wanted in (None, one.round)
    ]
    return {"tallies": tallies}, None


def _comparison(sharer: Library, target: Mapping[str, Any]) -> dict[str, Any]:
    """Return rankings as they were kept; over once their maker does not see a document of them."""
    traces = [one["trace"] for one in target.get("pipelines", (target,)) if one["trace"]]
    names = {
        hit["chunk"]["document"]
        for trace in traces
        for stage in trace["stages"]
        for hit in stage["hits"]
    }
    held = {document.name for document in sharer.documents()}
    if not names <= held:
        raise NotThere("this link does not lead anywhere any more: a document of it is gone")
    return dict(target.get("trace", target))
