"""A library as its members see it: whose judgements, votes and suggestions are whose."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.evaluate.judgements.votes import Vote, VotedPipeline
from rag.types import Answer, Citation
from ranklens import asking, judging, people, sharing, voting
from ranklens.library import Library
from ranklens.members import member_of
from tests.serve.isolated import OURS, THEIRS, Things, two_collections


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    with two_collections(tmp_path_factory.mktemp("members")) as both:
        people.people(both[0]).grant("both", "editor", OURS)
        people.people(both[0]).grant("both", "editor", THEIRS)
        yield both


def added(library: Library, account: str, collection: str, name: str, text: str) -> None:
    path = Path(library.settings.library).parent / name
    path.write_text(text)
    with path.open("rb") as data:
        outcome = member_of(library, account).enqueue_upload(name, data, collection=collection)
    assert outcome.status == "queued", outcome
    library.work()


def voted(library: Library, account: str, things: Things, other: str) -> None:
    sides = VotedPipeline("none", "0", (things.passage,)), VotedPipeline(other, "1")
    vote = Vote(things.question, "rankings", *sides, "left", "x")
    member_of(library, account).votes.add(vote)


def test_a_link_to_votes_shows_the_shared_round_alone(held):
    library, things = held
    voted(library, "both", things[OURS], "hidden pipeline")
    voted(library, "both", things[THEIRS], "second pipeline")
    both = member_of(library, "both")
    secret, _ = sharing.share(both, "votes", collection=THEIRS)
    shown = str(sharing.follow(member_of(library, "viewer"), secret).shown)
    assert "second pipeline" in shown
    assert "hidden pipeline" not in shown
    made = [one for one, _ in voting.counted(both, THEIRS) if "second" in one.pair]
    secret, link = sharing.share(both, "votes", made[0].round, collection=THEIRS)
    (tally,) = sharing.follow(member_of(library, "viewer"), secret).shown["tallies"]
    assert tally["round"] == made[0].round
    assert link.title == f"Votes on rankings of {made[0].pair}"


def test_a_vote_without_passages_is_its_voter_s_alone(held):
    library, things = held
    sides = VotedPipeline("none", "0"), VotedPipeline("current", "1")
    question = f"{things[THEIRS].question} Quietly?"
    member_of(library, "outsider").votes.add(Vote(question, "answers", *sides, "tie", "x"))
    seen = {one.question for one in member_of(library, "viewer").votes.all()}
    assert question not in seen
    assert question in {one.question for one in member_of(library, "outsider").votes.all()}


TEXT = "The comet has a tail of dust. It passes the sun."


@pytest.mark.parametrize("whole", [False, True])
def test_judgements_do_not_go_over_to_another_document_of_the_name(held, whole):
    """Not even if the other one quotes the judged text."""
    library, _ = held
    name = f"comet-{whole}.md"
    added(library, "outsider", THEIRS, name, TEXT)
    theirs = member_of(library, "outsider")
    (chunk,) = theirs.chunks(name)
    judging.import_judgements(
        theirs, Path("a.csv"),
        data=f"question,document,grade,note,quote\nSecret?,{name},3,hush,{'' if whole else TEXT}\n"
        .encode(),
    )  # fmt: skip
    theirs.remove(name)
    added(library, "editor", OURS, name, f"{TEXT} And this is ours.")
    for account in ("viewer", "judge", "editor"):
        mine = member_of(library, account)
        assert not [one for one in judging.listed(mine) if one.document == name]
        assert "Secret?" not in mine.judgements.qrels().grades
    member_of(library, "editor").remove(name)
    added(library, "outsider", THEIRS, name, TEXT)
    (back,) = [one for one in judging.listed(theirs) if one.document == name]
    assert (back.status, back.note) == ("current", "hush")
    assert chunk.text == TEXT
    theirs.remove(name)


def test_judgements_of_a_new_version_are_its_readers_too(held):
    library, _ = held
    added(library, "editor", OURS, "growing.md", TEXT)
    editor = member_of(library, "editor")
    editor.judge("What passes?", editor.chunks("growing.md")[0], 2)
    added(library, "editor", OURS, "growing.md", f"{TEXT} More.")
    (one,) = member_of(library, "viewer").judgements.all("What passes?")
    assert one.status == "current"
    editor.remove("growing.md")


@pytest.mark.parametrize("source", ["person", "import", "llm", "feedback"])
def test_an_imported_row_has_the_name_of_who_imports_it(held, source):
    library, things = held
    row = f"From whom?,{things[OURS].document},2,somebody else,{source}"
    data = f"question,document,grade,judge,source\n{row}\n".encode()
    judge = member_of(library, "judge")
    judging.import_judgements(judge, Path("a.csv"), data=data)
    made = [one for one in judging.listed(judge, "From whom?") if one.source == source]
    assert [one.judge for one in made] == ["judge"]


def test_an_admin_brings_back_those_of_others_and_it_is_written_down(held):
    library, things = held
    row = f"Brought back?,{things[OURS].document},2,ada@example.org"
    data = f"question,document,grade,judge\n{row}\n".encode()
    admin = member_of(library, "admin")
    judging.import_judgements(admin, Path("a.csv"), data=data)
    assert [one.judge for one in judging.listed(admin, "Brought back?")] == ["ada@example.org"]
    assert "ada@example.org" in library.accounts.audit(1)[0].what


def rated(library: Library, account: str, question: str) -> tuple[Library, int]:
    mine = member_of(library, account)
    trace = mine.search(question, collection=OURS)
    (first, *_) = trace.evidence
    cited = (Citation(1, first.chunk.id, 8, 11),)
    answered = trace.with_answer(Answer("It does [1].", cited, "extractive", False, 0.0))
    chat = mine.conversations.start(question, library.collections.id_of(OURS))
    turn = mine.conversations.add(chat, question, answered).id
    asking.rate(mine, turn, True)
    return mine, turn


def test_a_thumb_leaves_what_others_thumbs_suggest(held):
    library, _ = held
    question = "What sees the tide?"

    def suggested() -> set[str]:
        return {one.judge for one in library.judgements.all(question, sources=["feedback"])}

    rated(library, "judge", question)
    editor, turn = rated(library, "editor", question)
    assert suggested() == {"judge", "editor"}
    asking.rate(editor, turn, False)
    assert suggested() == {"judge"}
    rated(library, "viewer", question)  # whose thumbs suggest nothing
    assert suggested() == {"judge"}
