"""Every method of a member's library × six kinds of visitors × own, foreign and missing things.

What pages do to a library is one of these methods. A new one without a row here fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any
from unittest.mock import MagicMock, patch

import pytest

from ingest.progress import FileOutcome
from rag.chat.store import Conversations
from rag.errors import NotThere, RanklensError, Refused
from rag.evaluate.data import Question
from rag.evaluate.judgements.question_sets import Guidelines
from rag.evaluate.judgements.record import Judgement
from rag.evaluate.judgements.votes import Vote, VotedPipeline
from rag.types import Chunk
from ranklens.jobs import Job
from ranklens.library import Library
from ranklens.members import MemberLibrary, member_of, view
from ranklens.members.catalogue import MemberCatalogue, MemberIndex
from ranklens.members.collections import MemberCollections
from ranklens.members.judged import MemberJudgements
from ranklens.members.rights import Part
from tests.serve.isolated import CANARIES, MISSING, OURS, THEIRS, Things, two_collections

# Role in our collection → account; the first two have none anywhere.
VISITORS = {
    "nobody": "", "stranger": "nobody", "viewer": "viewer", "judge": "judge", "editor": "editor",
    "admin": "admin",
}  # fmt: skip
ORDER = list(VISITORS)
NOT_GOT = (None, False, 0, "", b"", [], {}, (), set(), frozenset())


@dataclass(frozen=True)
class World:
    """The library itself and what is in it, to make the arguments of calls."""

    library: Library
    things: dict[str, Things]

    def chunk(self, things: Things) -> Chunk:
        held = self.library.index.catalogue.fetch([things.passage])
        some = self.library.chunks(self.things[OURS].document)[0]
        return held.get(things.passage) or replace(
            some, id=things.passage, document=things.document
        )

    def document(self, things: Things) -> int:
        found = self.library.index.catalogue.documents(name=things.document)
        return found[0].id if found else 0

    def votes(self, things: Things) -> list[int]:
        return [one.id for one in self.library.votes.all() if one.question == things.question]

    def chat(self, things: Things) -> str:
        held = Conversations(self.library.index.catalogue.engine).all()
        return next((one.id for one in held if one.title == things.question), "0" * 32)

    def share(self, things: Things) -> int:
        """Make a link, which may be revoked."""
        maker = {OURS: "editor", THEIRS: "outsider"}.get(things.collection)
        if maker is None:
            return 4711
        mine = member_of(self.library, maker)
        return mine.shares.share("votes", things.set, {}, things.collection, 9.0)[1].id


@dataclass(frozen=True)
class Row:
    """Who may call a method: ``least`` is a role, or the accounts by name.

    ``stub`` names what of the library beneath changes something: it is not done here, and must not
    be reached by who may not. ``returns`` is what it returns
    instead. ``tells``: that a name is in use is no secret.
    """

    least: str | frozenset[str]
    call: Callable[[Any, Things, World], Any]
    stub: str = ""
    tells: bool = False
    returns: Any = 1

    def allows(self, visitor: str) -> bool:
        if isinstance(self.least, str):
            return ORDER.index(visitor) >= ORDER.index(self.least)
        return visitor in self.least


def done(_result: object) -> bool:
    """What returns nothing was done, if it did not raise."""
    return True


def _vote(things: Things) -> Vote:
    left, right = VotedPipeline("a", "0", (things.passage,)), VotedPipeline("b", "1")
    return Vote(things.question, "rankings", left, right, "left", "x")


def _judgement(things: Things) -> Judgement:
    return Judgement("Is it?", things.document, "0", 0, 1, "x", 2, "somebody")


MAKER, OWN = frozenset({"editor"}), frozenset({"editor", "admin"})
ONE = [Question("q1", "Is it?")]
TABLE: dict[str, Row] = {
    "documents": Row("viewer", lambda m, t, w: m.documents(t.collection)),
    "document": Row("viewer", lambda m, t, w: m.document(t.document)),
    "chunks": Row("viewer", lambda m, t, w: m.chunks(t.document)),
    "text": Row("viewer", lambda m, t, w: m.text(t.document)),
    "parsed": Row("viewer", lambda m, t, w: m.parsed(t.document)),
    "file": Row("viewer", lambda m, t, w: m.file(t.document)),
    "attached": Row("viewer", lambda m, t, w: (m.attached(t.document), 1)),
    "enqueue_upload": Row(
        "editor",
        lambda m, t, w: m.enqueue_upload("new.md", BytesIO(b"x"), collection=t.collection),
        "enqueue_upload", returns=FileOutcome("new.md", "queued"),
    ),
    "remove": Row("editor", lambda m, t, w: done(m.remove(t.document)), "remove"),
    "reindex": Row("editor", lambda m, t, w: m.reindex([t.document]), "reindex"),
    "search": Row("viewer", lambda m, t, w: m.search("moon", collection=t.collection)),
    "ask": Row("viewer", lambda m, t, w: m.ask("moon", collection=t.collection)),
    "start_answer": Row(
        "viewer", lambda m, t, w: m.start_answer("moon", collection=t.collection)
    ),
    "compare": Row("viewer", lambda m, t, w: m.compare("moon", ["none"], collection=t.collection)),
    "pipeline_in": Row("viewer", lambda m, t, w: m.pipeline_in(t.collection)),
    "judge": Row("judge", lambda m, t, w: m.judge("Is it?", w.chunk(t), 2), "judgements.grade"),
    # Collections
    "collections.id_of": Row("viewer", lambda m, t, w: m.collections.id_of(t.collection)),
    "collections.number": Row("viewer", lambda m, t, w: m.collections.number(t.collection)),
    "collections.members": Row("viewer", lambda m, t, w: m.collections.members(t.collection)),
    "collections.documents": Row("viewer", lambda m, t, w: m.collections.documents(t.collection)),
    "collections.asked": Row("viewer", lambda m, t, w: m.collections.asked(t.collection)),
    "collections.choose": Row("viewer", lambda m, t, w: done(m.collections.choose(t.collection))),
    "collections.ids_of_document": Row(
        "viewer", lambda m, t, w: m.collections.ids_of_document(t.document)
    ),
    "collections.make": Row("admin", lambda m, t, w: m.collections.make("New"), "collections.make"),
    "collections.ensure": Row("viewer", lambda m, t, w: m.collections.ensure(t.collection)),
    "collections.rename": Row(
        "editor", lambda m, t, w: m.collections.rename(t.collection, "X"), "collections.rename"
    ),
    "collections.put": Row(
        "editor", lambda m, t, w: done(m.collections.put(t.collection, [t.document])),
        "collections.put",
    ),
    # The document, or the collection's, would go to the default one, where the editor has no role.
    "collections.take": Row(
        "admin", lambda m, t, w: done(m.collections.take(t.collection, [t.document])),
        "collections.take",
    ),
    "collections.remove": Row(
        "admin", lambda m, t, w: done(m.collections.remove(t.collection)), "collections.remove"
    ),
    # Documents and passages, by what retrievers and inspector read
    "index.catalogue.documents": Row(
        "viewer", lambda m, t, w: m.index.catalogue.documents(name=t.document)
    ),
    "index.catalogue.fetch": Row("viewer", lambda m, t, w: m.index.catalogue.fetch([t.passage])),
    "index.catalogue.chunks_of": Row(
        "viewer", lambda m, t, w: m.index.catalogue.chunks_of(w.document(t))
    ),
    "index.catalogue.document_text": Row(
        "viewer", lambda m, t, w: m.index.catalogue.document_text(w.document(t))
    ),
    "index.catalogue.vectors": Row(
        "viewer", lambda m, t, w: [*m.index.catalogue.vectors([t.passage])]
    ),
    # Question sets
    "question_sets.sizes": Row("viewer", lambda m, t, w: m.question_sets.sizes(t.collection)),
    "question_sets.questions": Row("viewer", lambda m, t, w: m.question_sets.questions(t.set)),
    "question_sets.collection_of": Row(
        "viewer", lambda m, t, w: m.question_sets.collection_of(t.set)
    ),
    "question_sets.guidelines": Row("viewer", lambda m, t, w: m.question_sets.guidelines(t.set)),
    "question_sets.put": Row(
        "judge", lambda m, t, w: m.question_sets.put(t.set, ONE, t.collection),
        "question_sets.put", tells=True,
    ),
    "question_sets.add": Row(
        "judge", lambda m, t, w: m.question_sets.add(t.set, ONE, t.collection),
        "question_sets.add", tells=True,
    ),
    "question_sets.guide": Row(
        "judge", lambda m, t, w: done(m.question_sets.guide(t.set, Guidelines())),
        "question_sets.guide", tells=True,
    ),
    "question_sets.delete": Row(
        "judge", lambda m, t, w: m.question_sets.delete(t.set), "question_sets.delete"
    ),
    # Judgements and votes
    "judgements.all": Row("viewer", lambda m, t, w: m.judgements.all(t.question)),
    "judgements.for_chunks": Row(
        "viewer",
        lambda m, t, w: m.judgements.for_chunks(t.question, [w.chunk(t)])[w.chunk(t).id],
    ),
    "judgements.qrels": Row("viewer", lambda m, t, w: m.judgements.qrels([t.question]).grades),
    "judgements.spans": Row("viewer", lambda m, t, w: m.judgements.spans([t.question])),
    "judgements.judged_questions": Row(
        "viewer", lambda m, t, w: m.judgements.judged_questions() & {t.question}
    ),
    "judgements.grade": Row(
        "judge", lambda m, t, w: m.judgements.grade("Is it?", w.chunk(t), 2, "x"),
        "judgements.grade",
    ),
    "judgements.add": Row(
        "judge", lambda m, t, w: m.judgements.add([_judgement(t)]), "judgements.add"
    ),
    "judgements.remove": Row(
        "editor", lambda m, t, w: m.judgements.remove(t.judgement), "judgements.remove"
    ),
    "judgements.remove_all": Row(
        MAKER, lambda m, t, w: m.judgements.remove_all(t.question, "person"), "judgements.remove"
    ),
    "votes.all": Row(
        "viewer", lambda m, t, w: [one for one in m.votes.all() if one.question == t.question]
    ),
    "votes.add": Row("judge", lambda m, t, w: m.votes.add(_vote(t)), "votes.add"),
    "votes.remove": Row(OWN, lambda m, t, w: m.votes.remove(w.votes(t)), "votes.remove"),
    # Evaluations and jobs
    "evaluations.record": Row("viewer", lambda m, t, w: m.evaluations.record(t.evaluation)),
    "evaluations.rankings": Row("viewer", lambda m, t, w: m.evaluations.rankings(t.evaluation)),
    "evaluations.path": Row("viewer", lambda m, t, w: m.evaluations.path(t.evaluation)),
    "evaluations.add": Row(
        "judge",
        lambda m, t, w: m.evaluations.add(None, MagicMock(collection=t.collection)),
        "evaluations.add",
    ),
    "evaluations.remove": Row(
        "editor", lambda m, t, w: done(m.evaluations.remove(t.evaluation)), "evaluations.remove"
    ),
    "jobs.start": Row(
        "judge", lambda m, t, w: m.jobs.start("x", "y", None), "jobs.start", returns=Job(len, "y")
    ),
    "jobs.by_id": Row(OWN, lambda m, t, w: m.jobs.by_id(t.job)),
    "jobs.all": Row(OWN, lambda m, t, w: [job for job in m.jobs.all() if job.id == t.job]),
    # What is somebody's own
    "conversations.get": Row(MAKER, lambda m, t, w: m.conversations.get(w.chat(t))),
    "conversations.turns": Row(MAKER, lambda m, t, w: m.conversations.turns(w.chat(t))),
    "conversations.collection_of": Row(
        MAKER, lambda m, t, w: m.conversations.collection_of(w.chat(t))
    ),
    "keys.all": Row(OWN, lambda m, t, w: [one for one in m.keys.all() if one.name == t.key]),
    "keys.add": Row(
        "viewer", lambda m, t, w: m.keys.add("mine", "read"), "keys.add",
        returns=("secret", MagicMock()),
    ),
    "keys.revoke": Row(OWN, lambda m, t, w: m.keys.revoke(t.key), "keys.revoke"),
    "recent_traces.get": Row(MAKER, lambda m, t, w: m.recent_traces.get(t.trace)),
    "shares.share": Row(
        "viewer", lambda m, t, w: m.shares.share("votes", "x", {}, t.collection, 9.0),
        "shares.share",
    ),
    "shares.all": Row(OWN, lambda m, t, w: [one for one in m.shares.all() if one.title == t.set]),
    "shares.unshare": Row(OWN, lambda m, t, w: m.shares.unshare(w.share(t))),
    # The library as a whole
    "tags.put": Row("editor", lambda m, t, w: done(m.tags.put(t.document, ["x"])), "tags.put"),
    "enqueue": Row(
        "admin", lambda m, t, w: m.enqueue(None), "enqueue",
        returns=FileOutcome("new.md", "queued"),
    ),
    "remove_all": Row(
        "admin", lambda m, t, w: m.remove_all([t.document]), "remove_all", returns=["x"]
    ),
    "whole": Row("admin", lambda m, t, w: m.whole),
    "question_log.questions": Row("admin", lambda m, t, w: m.question_log.questions()),
    "question_log.forget": Row(
        "admin", lambda m, t, w: m.question_log.forget(), "question_log.forget"
    ),
    "question_log.entries": Row("admin", lambda m, t, w: m.question_log.entries()),
    "interleavings.all": Row("admin", lambda m, t, w: m.interleavings.all(), "interleavings.all"),
    "sources.all": Row("admin", lambda m, t, w: m.sources.all(), "sources.all"),
    "sources.add": Row("admin", lambda m, t, w: m.sources.add("folder", "x", "y"), "sources.add"),
    "sources.remove": Row(
        "admin", lambda m, t, w: done(m.sources.remove(MagicMock())), "sources.remove"
    ),
    "saved.save": Row("admin", lambda m, t, w: done(m.saved.save("top", 3)), "saved.save"),
    "saved.forget": Row("admin", lambda m, t, w: done(m.saved.forget("top")), "saved.forget"),
    "saved.connect": Row(
        "admin", lambda m, t, w: done(m.saved.connect(MagicMock())), "saved.connect"
    ),
    "saved.disconnect": Row(
        "admin", lambda m, t, w: done(m.saved.disconnect("x")), "saved.disconnect"
    ),
}  # fmt: skip
# Lists and counts that name nothing: what they return is looked through for canaries.
LISTS = {
    "documents ", "progress", "unfinished", "collections.all", "collections.names",
    "collections.by_id", "collections.of_documents", "collections.last", "collections.name_of",
    "collections.is_all", "index.catalogue.ready", "index.catalogue.languages",
    "question_sets.names", "judgements.unconfirmed", "evaluations.all", "jobs.last",
    "jobs.interrupted", "conversations.all", "conversations.judged", "conversations.disliked",
    "conversations.searched", "conversations.recent", "tags.all",
}  # fmt: skip
ARGUMENTS: dict[str, tuple[object, ...]] = {
    "collections.name_of": (None,), "collections.is_all": ("all",),
    "judgements.unconfirmed": ("person", "x", 9), "jobs.last": ("measure",),
    "jobs.interrupted": ("measure",),
}  # fmt: skip
# Needs no role: why.
FREE = {
    "note": "of what was allowed", "refresh_settings": "of what admins saved",
    "visitor": "who it is", "reader": "who it is", "index": "its parts are here",
    "pipeline": "over the index", "conversations": "parts", "judgements": "parts",
    "writings": "by turns of one's own", "settings": "the same for all", "given": "the same",
    "encoder": "the same", "embedder": "the same", "rerank": "of one's own texts",
    "embed": "of one's own texts", "stop_work": "below", "resume_work": "below",
    "index.catalogue": "its parts are here", "index.collections": "the part collections",
    "index.catalogue.boxes": "as document_text", "index.catalogue.beside": "as fetch",
    "index.catalogue.path": "of the folder",
    "index.catalogue.language": "of none",
    **{f"index.{name}": "by a scope, whose chunks are fetched" for name in MemberIndex.passes},
    "judgements.refresh": "the library's own", "judgements.version": "counts",
    "judgements.part": "refused to all", "keys.none": "always false",
    "recent_traces.keep": "one's own", "question_log.add": "written by each question",
    "interleavings.add": "written by each question", "interleavings.open": "written by a click",
    "jobs.busy": "that one runs", "shares.followed": "tests/serve/test_shares.py",
    "alert_watch.after_question": "wakes the watch",
    "saved.options": "the same for all", "saved.connections": "the same, without keys",
    "saved.in_use": "the same for all",
    "conversations.start": "one's own",
    **{f"conversations.{name}": "of one's own turns: tests/rag/chat" for name in
       ("rename", "pin", "remove", "turn", "add", "replace", "versions", "show", "complete",
        "judge")},
}  # fmt: skip


def methods(kind: type, skip: tuple[type, ...] = (object, Part)) -> set[str]:
    """The public names of a class and those that it passes on."""
    own = {name for base in kind.__mro__ if base not in skip for name in vars(base)}
    found = {name for name in own if not name.startswith("_")} - {"passes", "rights", "whole"}
    return found | set(getattr(kind, "passes", ()))


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[World]:
    with two_collections(tmp_path_factory.mktemp("table")) as (library, things):
        for name, account in ((OURS, "editor"), (THEIRS, "outsider")):
            member_of(library, account).shares.share("votes", things[name].set, {}, name, 99.0)
        yield World(library, things)


def outcome(call: Callable[[], Any], things: Things) -> tuple[bool, str]:
    """Whether something was got, and what or why not, without the names that were given."""
    try:
        value = call()
    except RanklensError as error:
        text = f"{type(error).__name__}: {error}"
        for one in (things.collection, things.document, things.set, things.question, things.key,
                    things.evaluation, things.trace):  # fmt: skip
            text = text.replace(one, "…")
        text = re.sub(r"\d+", "0", text)
        return False, text
    return not any(value == one for one in NOT_GOT), ""


def tried(world: World, visitor: str, row: Row, things: Things) -> tuple[bool, str, bool]:
    """Call a row's method as a visitor: got, words, and whether the change beneath was reached."""
    account = "outsider" if visitor == "outsider" else VISITORS[visitor]
    mine = member_of(world.library, account)
    with ExitStack() as stack:
        stub = MagicMock(return_value=row.returns)
        if row.stub:
            part, _, name = row.stub.rpartition(".")
            beneath = getattr(world.library, part) if part else world.library
            stub.side_effect = len if row.stub == "votes.remove" else None
            stack.enter_context(patch.object(beneath, name, stub))
            stack.enter_context(patch.object(world.library.evaluations, "renamed"))
        got, words = outcome(lambda: row.call(mine, things, world), things)
    reached = stub.called and stub.call_args.args != ([],)
    return got, words, reached


@pytest.mark.parametrize("name", TABLE)
def test_a_role_may_do_what_its_row_says_and_nothing_foreign(world, name):
    for visitor in VISITORS:
        check(world, name, visitor)


def check(world: World, name: str, visitor: str) -> None:
    row = TABLE[name]
    got, words, reached = tried(world, visitor, row, world.things[OURS])
    if name in ("question_log.questions", "question_log.entries") and visitor == "admin":
        got = True  # whatever was asked
    assert got == row.allows(visitor), (visitor, words)
    assert not reached or row.allows(visitor), visitor
    if visitor == "admin" or name in _NO_THING:
        return
    foreign = tried(world, visitor, row, world.things[THEIRS])
    assert not foreign[0], visitor
    assert not foreign[2], visitor
    assert not [word for word in CANARIES[THEIRS] if word in foreign[1]]
    missing = tried(world, visitor, row, replace(MISSING, key="unknown"))
    assert foreign[1] == missing[1] or row.tells, visitor


_NO_THING = {"keys.add", "jobs.start", "collections.make"}


def test_every_method_has_a_row_or_a_reason():
    parts: dict[str, type] = {
        **view._PARTS, "collections": MemberCollections, "judgements": MemberJudgements,
        "index": MemberIndex, "index.catalogue": MemberCatalogue, "conversations": Conversations,
    }  # fmt: skip
    every = methods(MemberLibrary) | view._SAME | {one for one in view._USE_CASES if one[0] != "_"}
    every |= {"whole"}
    for part, kind in parts.items():
        every |= {f"{part}.{name}" for name in methods(kind)}
    every -= {"collections.default", "collections.everything"}
    known = {*TABLE, *LISTS, *FREE}
    assert every - known == set()
    assert {name.strip() for name in known} - every == set()


def test_what_no_row_names_is_refused_to_all_but_an_admin(world):
    known = methods(MemberLibrary) | set(view._PARTS) | view._SAME | set(view._USE_CASES)
    beneath = {name for name in dir(Library) if not name.startswith("_")} - known
    assert {"accounts", "work", "verify", "rerank_gains", "measure", "close"} <= beneath
    for account in VISITORS.values():
        if account != "admin":
            for name in beneath:
                with pytest.raises(Refused):
                    getattr(member_of(world.library, account), name)


@pytest.mark.parametrize("visitor", ["nobody", "stranger", "viewer", "editor", "outsider"])
def test_no_list_holds_what_is_foreign(world, visitor):
    for name in LISTS:
        check_list(world, name, visitor)


def check_list(world: World, name: str, visitor: str) -> None:
    found: Any = member_of(world.library, VISITORS.get(visitor, visitor))
    try:
        for part in name.strip().split("."):
            found = getattr(found, part)
        value = repr(found(*ARGUMENTS.get(name, ())))
    except (Refused, NotThere) as error:
        value = str(error)
    hidden = {"viewer": [THEIRS], "editor": [THEIRS], "outsider": [OURS]}.get(
        visitor, [OURS, THEIRS]
    )
    found = [word for one in hidden for word in (*CANARIES[one], one) if word in value]
    assert not found, (name, value)


def test_a_page_that_somebody_else_has_by_now_may_do_nothing(world):
    stale = member_of(world.library, "admin", still=lambda: False)
    for name, row in TABLE.items():
        with pytest.raises(Refused, match="signed in as another account"):
            row.call(stale, world.things[OURS], world)
        assert name
    for name in ("stop_work", "resume_work"):
        with pytest.raises(Refused):
            getattr(stale, name)()


@pytest.mark.parametrize("name", ["stop_work", "resume_work"])
def test_indexing_is_stopped_by_editors(world, name):
    for visitor, account in VISITORS.items():
        with patch.object(world.library, name) as beneath:
            try:
                getattr(member_of(world.library, account), name)()
            except Refused:
                assert ORDER.index(visitor) < ORDER.index("editor")
            assert beneath.called == (ORDER.index(visitor) >= ORDER.index("editor"))
