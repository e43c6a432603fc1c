"""Links that share one conversation, comparison, evaluation or count of votes, to be read only.

Whoever has signed in and has the link sees that one thing and nothing beside it, until it is over
or revoked, and as long as the one who shared it may still see it themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rag.errors import LibraryError, NotThere
from rag.store.shares import Share, SharedKind
from rag.trace import from_dict, to_dict
from rag.types import Hit, Trace
from ranklens import choices, conversing, evaluations, voting
from ranklens.comparing import PipelineOutcome, SideBySide, describe_pipeline
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


def side_by_side(shown: Mapping[str, Any]) -> SideBySide:
    """Return a shared comparison's pipelines; what the API shared is a single ranking."""
    pipelines = shown.get("pipelines") or [{"pipeline": "The ranking", "trace": shown}]
    sides = (
        PipelineOutcome(
            one["pipeline"],
            from_dict(one["trace"]) if one["trace"] else None,
            one.get("problem", ""),
        )
        for one in pipelines
    )
    return SideBySide(shown["question"], tuple(sides))


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
        shown = [turn.id for turn in conversing.turns(library, key)]
        return chat.title, {"id": key, "turns": shown}, conversing.collection_of(library, key)
    if kind == "evaluation":
        record = library.evaluations.record(key)
        return record.name, {"id": record.id}, record.collection
    if kind == "comparison":
        trace = library.recent_traces.get(key)
        within = choices.filter_of(trace).collection
        return trace.question, {"trace": to_dict(trace)}, within
    library.collections.id_of(collection)
    if not key:
        return f"Votes in {collection}", {}, collection
    for tally, _ in voting.counted(library, collection):
        if tally.round == key:
            pair = voting.describe_pair(library, tally)
            return f"Votes on {tally.kind} of {pair}", {"round": key}, collection
    raise NotThere(f"there is no round of votes {key[:40]!r} in {collection!r}")


def _shown(sharer: Library, found: Share) -> tuple[dict[str, Any], Figures | None]:
    """Return the thing as the one who shared it may see it now; raises `NotThere`."""
    name = sharer.collections.by_id().get(found.collection_id)
    if name is None:
        raise NotThere("this link does not lead anywhere any more")
    if found.kind == "conversation":
        return _conversation(sharer, found.target.get("turns", ())), None
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


def _conversation(sharer: Library, turns: Sequence[int]) -> dict[str, Any]:
    """Return the turns that were shown when the link was made, if their maker still sees them.

    A turn whose answer was given a passage that its maker does not see any more is left out, and
    other such passages are taken out of its rankings.
    """
    held = [turn for key in turns if (turn := conversing.turn(sharer, key))]
    if not held:
        raise NotThere("this link does not lead anywhere any more: the conversation is deleted")
    seen = _seen(sharer, [hit for turn in held for hit in _hits(turn.trace)])
    shown = [
        {"question": turn.question, "trace": to_dict(_without(turn.trace, seen))}
        for turn in held
        if seen.issuperset(hit.chunk.id for hit in turn.trace.given)
    ]
    return {"turns": shown, "left_out": len(held) - len(shown)}


def _hits(trace: Trace) -> list[Hit]:
    return [*trace.given, *(hit for stage in trace.stages for hit in stage.hits)]


def _seen(sharer: Library, hits: Iterable[Hit]) -> frozenset[str]:
    return frozenset(sharer.index.catalogue.fetch(sorted({hit.chunk.id for hit in hits})))


def _without(trace: Trace, seen: Collection[str]) -> Trace:
    """Return a trace without the passages that are not among the ``seen``; ranks stay."""
    stages = (
        replace(stage, hits=tuple(hit for hit in stage.hits if hit.chunk.id in seen))
        for stage in trace.stages
    )
    return replace(trace, stages=tuple(stages))


def _comparison(sharer: Library, target: Mapping[str, Any]) -> dict[str, Any]:
    """Return rankings as they were kept; over once their maker does not see a passage of them."""
    kept = [one["trace"] for one in target.get("pipelines", (target,)) if one["trace"]]
    hits = [hit for one in kept for hit in _hits(from_dict(one))]
    # Not by the documents' names: another document of that name has none of the passages.
    if not _seen(sharer, hits).issuperset(hit.chunk.id for hit in hits):
        raise NotThere("this link does not lead anywhere any more: a passage of it is gone")
    return dict(target.get("trace", target))
