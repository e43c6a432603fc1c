"""A library of two collections, six kinds of visitors, and what each of them may name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rag.evaluate.data import Question
from rag.evaluate.judgements.votes import Vote, VotedPipeline
from ranklens import background, evaluations, judged_sets, people
from ranklens.library import Library
from ranklens.members import member_of
from tests.serve.conftest import open_library

OURS, THEIRS = "Marine", "Savannah"
# Account → its scope's key; roles are in OURS, but for the outsider, whose is in THEIRS.
ROLES = {"viewer": "viewer", "judge": "judge", "editor": "editor"}
VISITORS = ("anonymous", "nobody", "outsider", "viewer", "judge", "editor", "admin")
# Words that are in one collection alone, in every kind of thing that it has.
CANARIES = {OURS: ("walrus", "narwhal"), THEIRS: ("zebra", "quagga")}


@dataclass(frozen=True, slots=True)
class Things:
    """One thing of each kind, as a route names it."""

    collection: str
    document: str
    passage: str
    set: str
    question: str
    judgement: int
    evaluation: str
    job: str
    key: str
    trace: str
    share: str = ""


MISSING = Things(
    "Nowhere", "nothing.md", "0" * 16, "no set", "What is unknown?", 4711, "cafe0000",
    "0123456789abcdef", "no key", "0" * 32, "none",
)  # fmt: skip


@contextmanager
def two_collections(folder: Path, **options: object) -> Iterator[tuple[Library, dict[str, Things]]]:
    """Open a library with accounts: both collections have one of everything."""
    with open_library(folder, sign_in="oidc", **options) as library:
        managed = people.people(library)
        for name in (OURS, THEIRS):
            library.collections.make(name)
        managed.grant("admin", "admin")
        managed.grant("outsider", "editor", THEIRS)
        for account, role in ROLES.items():
            managed.grant(account, role, OURS)
        library.secrets = {
            account: library.keys.add(account, "admin", account)[0]
            for account in VISITORS if account != "anonymous"
        }  # fmt: skip
        yield library, {name: _filled(library, folder, name) for name in (OURS, THEIRS)}


def _filled(library: Library, folder: Path, name: str) -> Things:
    word, other = CANARIES[name]
    owner = member_of(library, "outsider" if name == THEIRS else "editor")
    source = folder / f"{word}.md"
    source.write_text(f"# The {other}\n\nThe {word} and the {other} see the moon and the tide.\n")
    with source.open("rb") as data:
        assert owner.enqueue_upload(source.name, data, collection=name).status == "queued"
    library.work()
    question = f"Where does the {word} see the moon?"
    (chunk,) = owner.chunks(source.name)
    owner.question_sets.put(f"{word} set", [Question("q1", question)], name)
    owner.judge(question, chunk, 3, note=f"a note on the {other}")
    side = VotedPipeline("none", "0", (chunk.id,))
    owner.votes.add(Vote(question, "rankings", side, VotedPipeline("current", "1"), "left", "x"))
    chat = owner.conversations.start(question, library.collections.id_of(name))
    trace = owner.search(question, collection=name)
    owner.conversations.add(chat, question, trace)
    judged = judged_sets.own_questions(owner, f"{word} set", None, name)
    job = background.measure(judged, {"none": {"reranker": "none"}}, one_pool=False, answers=False)
    job.thread.join()
    assert not job.error, job.error
    (kept,) = [one for one in evaluations.listed(owner) if one.collection == name]
    owner.keys.add(f"{word} key")
    held = [one for one in owner.judgements.all() if one.document == source.name]
    return Things(
        name, source.name, chunk.id, f"{word} set", question, held[0].id, kept.id, job.id,
        f"{word} key", owner.recent_traces.keep(trace),
    )  # fmt: skip
