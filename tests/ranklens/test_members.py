"""A library as its members see it: whose judgements, votes and suggestions are whose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest

from ingest.progress import FileOutcome
from ingest.web import Fetched
from rag.chat.store import Turn
from rag.errors import NotThere, Refused
from rag.evaluate.asking import CallsOutcome
from rag.evaluate.judgements.files import to_csv
from rag.evaluate.judgements.question_writer import QuestionsWritten, WrittenQuestion
from rag.evaluate.judgements.record import Judgement
from rag.evaluate.judgements.votes import Vote, VotedPipeline
from rag.store.jobs import JobLog
from rag.types import Answer, Citation
from ranklens import (
    addresses,
    background,
    comparing,
    conversing,
    job_kinds,
    job_results,
    judged_sets,
    judging,
    learning,
    people,
    sharing,
    tuning,
    voting,
    watching,
)
from ranklens.jobs import Jobs
from ranklens.library import Library
from ranklens.members import member_of, rights
from ranklens.question_sets import keep_drafts
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
    assert link.title == f"Votes on rankings of {voting.describe_pair(both, made[0])}"


def asked(library: Library, account: str, chat: str, question: str) -> Turn:
    """Add a turn whose answer was given the best passage only, and cites it."""
    mine = member_of(library, account)
    found = mine.search(question, collection=OURS)
    trace = replace(found, settings={**found.settings, "top": 1}, widened=None)
    cited = (Citation(1, found.evidence[0].chunk.id, 8, 11),)
    answer = Answer(f"On {question} [1].", cited, "extractive", False, 0.0)
    return mine.conversations.add(chat, question, trace.with_answer(answer))


def test_a_link_to_a_conversation_shows_it_as_it_was_and_only_what_its_maker_still_sees(
    held, monkeypatch
):
    library, _ = held
    added(library, "both", OURS, "leaving.md", "A meteor burns in the sky.")
    editor, reader = member_of(library, "editor"), member_of(library, "viewer")
    chat = editor.conversations.start("Tide", library.collections.id_of(OURS))
    for question in ("Where does the walrus see the tide?", "When burns a meteor?"):
        asked(library, "editor", chat, question)
    secret, _ = sharing.share(editor, "conversation", chat)
    asked(library, "editor", chat, "What is asked later?")
    first, *_ = editor.conversations.turns(chat)
    editor.conversations.replace(first, "Another question?", first.trace)

    def questions() -> list[str]:
        return [one["question"] for one in sharing.follow(reader, secret).shown["turns"]]

    assert questions() == ["Where does the walrus see the tide?", "When burns a meteor?"]
    assert "leaving.md" in str(sharing.follow(reader, secret).shown["turns"][0])
    both = member_of(library, "both")
    both.collections.put(THEIRS, ["leaving.md"])
    both.collections.take(OURS, ["leaving.md"])
    monkeypatch.setattr(rights, "NAMES_SECONDS", 0.0)
    assert questions() == ["Where does the walrus see the tide?"]
    shown = sharing.follow(reader, secret).shown
    assert shown["left_out"] == 1
    assert not [word for word in ("leaving.md", "meteor") if word in str(shown)]
    editor.conversations.remove(chat)
    with pytest.raises(NotThere):
        sharing.follow(reader, secret)
    both.remove("leaving.md")


def test_a_link_to_a_comparison_ends_with_its_passages(held):
    library, _ = held
    added(library, "editor", OURS, "again.md", "The comet returns.")
    editor, reader = member_of(library, "editor"), member_of(library, "viewer")
    made = editor.compare("What returns?", ["none"], collection=OURS)
    secret, _ = sharing.share_comparison(editor, made, OURS)
    assert "The comet returns" in str(sharing.follow(reader, secret).shown)
    added(library, "editor", OURS, "again.md", "Nothing of the kind returns.")
    with pytest.raises(NotThere):
        sharing.follow(reader, secret)
    editor.remove("again.md")


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


@pytest.mark.parametrize(
    ("source", "name"),
    [("person", "judge"), ("import", "judge"), ("feedback", "judge"),
     ("llm", "somebody else (imported by judge)")],
)  # fmt: skip
def test_an_imported_row_has_the_name_of_who_imports_it(held, source, name):
    library, things = held
    row = f"From whom?,{things[OURS].document},2,somebody else,{source}"
    data = f"question,document,grade,judge,source\n{row}\n".encode()
    judge = member_of(library, "judge")
    judging.import_judgements(judge, Path("a.csv"), data=data)
    made = [one for one in judging.listed(judge, "From whom?") if one.source == source]
    assert [one.judge for one in made] == [name]
    assert made[0].requested_by == ("judge" if source == "llm" else "")
    again = judging.export_judgements(judge, Path("b.csv")).encode()
    judging.import_judgements(judge, Path("b.csv"), data=again)
    made = [one for one in judging.listed(judge, "From whom?") if one.source == source]
    assert [one.judge for one in made] == [name]


def by_model(library: Library, account: str, things: Things, question: str) -> Judgement:
    mine = member_of(library, account)
    chunk = mine.index.catalogue.fetch([things.passage])[things.passage]
    return mine.judgements.grade(question, chunk, 2, "big-model", source="llm")


def test_a_model_s_grade_belongs_to_who_requested_it(held):
    library, things = held
    judge, question = member_of(library, "judge"), "Withdrawn?"
    by_model(library, "judge", things[OURS], question)
    (made,) = judging.listed(judge, question)
    assert (made.judge, made.requested_by) == ("big-model", "judge")
    with pytest.raises(Refused):
        judging.remove(member_of(library, "viewer"), made.id)
    with pytest.raises(NotThere):
        judging.remove(member_of(library, "outsider"), made.id)
    before = library.accounts.audit(1)
    judging.remove(judge, made.id)
    assert library.accounts.audit(1) == before
    by_model(library, "judge", things[OURS], question)
    assert judge.judgements.remove_all(question, "llm") == 1
    assert judging.listed(judge, question) == []


def test_who_did_not_request_a_model_s_grade_removes_it_as_an_editor_alone(held):
    library, things = held
    judge, editor, question = member_of(library, "judge"), member_of(library, "editor"), "Whose?"
    by_model(library, "editor", things[OURS], question)
    (made,) = judging.listed(judge, question)
    with pytest.raises(Refused):
        judging.remove(judge, made.id)
    assert judge.judgements.remove_all(question, "llm") == 0
    assert judging.listed(judge, question) == [made]
    assert editor.judgements.remove_all(question, "llm") == 1
    by_model(library, "judge", things[OURS], question)
    (made,) = judging.listed(judge, question)
    judging.remove(editor, made.id)
    last = library.accounts.audit(1)[0]
    assert (last.account, last.action) == ("editor", "removed a judgement of")
    assert last.what.startswith("big-model (requested by judge) on ")


def test_a_model_s_grade_from_before_requests_were_kept_is_removed_by_any_judge(held):
    library, things = held
    judge, question = member_of(library, "judge"), "Unknown?"
    (chunk,) = library.index.catalogue.fetch([things[OURS].passage]).values()
    library.judgements.grade(question, chunk, 2, "big-model", source="llm")
    (made,) = judging.listed(judge, question)
    assert made.requested_by == ""
    judging.remove(judge, made.id)
    last = library.accounts.audit(1)[0]
    assert (last.account, last.action) == ("judge", "removed a judgement of")
    library.judgements.grade(question, chunk, 2, "big-model", source="llm")
    assert judge.judgements.remove_all(question, "llm") == 1


def test_questions_that_a_model_wrote_were_requested_by_who_keeps_them(held):
    library, things = held
    written = WrittenQuestion("Written?", "", things[OURS].document, 0, 4, "The ")
    drafts = QuestionsWritten((written,), 0, 0, "big-model", CallsOutcome(1, 1, (), {}))
    for account, judge in (("judge", "big-model (imported by judge)"), ("admin", "big-model")):
        mine = member_of(library, account)
        keep_drafts(mine, f"drafts of {account}", drafts, drafts.written, OURS)
        made = judging.listed(mine, "Written?")
        assert [(one.judge, one.requested_by) for one in made] == [(judge, account)]
        mine.judgements.remove_all("Written?", "llm")


def test_accepting_a_model_s_grade_makes_it_one_s_own(held):
    library, things = held
    question = "Accepted?"
    made = by_model(library, "judge", things[OURS], question)
    editor = member_of(library, "editor")
    judging.confirm(editor, made, 2, "editor")
    (own,) = editor.judgements.all(question, sources=["person"])
    assert (own.judge, own.requested_by) == ("editor", "")


def test_an_admin_brings_back_those_of_others_and_it_is_written_down(held):
    library, things = held
    row = f"Brought back?,{things[OURS].document},2,ada@example.org"
    data = f"question,document,grade,judge\n{row}\n".encode()
    admin = member_of(library, "admin")
    judging.import_judgements(admin, Path("a.csv"), data=data)
    assert [one.judge for one in judging.listed(admin, "Brought back?")] == ["ada@example.org"]
    assert "ada@example.org" in library.accounts.audit(1)[0].what


def test_an_admin_brings_back_who_requested_a_model_s_grade(held):
    library, things = held
    question = "Brought back with it?"
    by_model(library, "judge", things[OURS], question)
    admin = member_of(library, "admin")
    written = to_csv(judging.listed(admin, question)).encode()
    judging.remove(admin, judging.listed(admin, question)[0].id)
    judging.import_judgements(admin, Path("a.csv"), data=written)
    (made,) = judging.listed(admin, question)
    assert (made.judge, made.requested_by) == ("big-model", "judge")


def rated(library: Library, account: str, question: str) -> tuple[Library, int]:
    mine = member_of(library, account)
    chat = mine.conversations.start(question, library.collections.id_of(OURS))
    turn = asked(library, account, chat, question).id
    conversing.rate(mine, turn, True)
    return mine, turn


def test_a_thumb_leaves_what_others_thumbs_suggest(held):
    library, _ = held
    question = "What sees the tide?"

    def suggested() -> set[str]:
        return {one.judge for one in library.judgements.all(question, sources=["feedback"])}

    rated(library, "judge", question)
    editor, turn = rated(library, "editor", question)
    assert suggested() == {"judge", "editor"}
    conversing.rate(editor, turn, False)
    assert suggested() == {"judge"}
    rated(library, "viewer", question)  # whose thumbs suggest nothing
    assert suggested() == {"judge"}


# The same bytes again


def sent(library: Library, account: str, collection: str, name: str, data: bytes) -> FileOutcome:
    mine = member_of(library, account)
    outcome = mine.enqueue_upload(name, BytesIO(data), collection=collection)
    library.work()
    return outcome


def test_bytes_that_the_sender_may_share_are_put_into_the_collection(held):
    library, _ = held
    data = b"Known to both. The moon makes the tide."
    sent(library, "both", THEIRS, "known.md", data)
    outcome = sent(library, "both", OURS, "again.md", data)
    assert outcome.status == "unchanged"
    assert outcome.reason == (
        "the same bytes are already in the library as 'known.md'; it is in the collection "
        f"{OURS!r} now too"
    )
    assert library.collections.of_documents()["known.md"] == (OURS, THEIRS)
    last = library.accounts.audit(1)[0]
    assert (last.account, last.action, last.what) == ("both", f"put into {OURS}", "known.md")
    assert "collection" not in sent(library, "both", OURS, "again.md", data).reason
    member_of(library, "both").remove("known.md")


def test_bytes_that_are_others_too_become_a_document_of_their_own(held):
    library, _ = held
    data = b"Secret to each. The moon makes the tide."
    for account, collection, name in (
        ("outsider", THEIRS, "theirs.md"), ("editor", OURS, "ours.md"),
    ):  # fmt: skip
        assert sent(library, account, collection, name, data).status == "queued"
        # Once more by somebody of the same collection: it is there.
        again = sent(library, account, collection, "more.md", data)
        assert (again.status, name in again.reason) == ("unchanged", True)
    theirs, ours = library.document("theirs.md"), library.document("ours.md")
    assert theirs.digest != ours.digest
    assert library.chunks("theirs.md")[0].id != library.chunks("ours.md")[0].id
    found = member_of(library, "editor").search("Secret to each?", collection=OURS)
    assert "ours.md" in {hit.chunk.document for hit in found.evidence}
    member_of(library, "editor").remove("ours.md")
    assert library.file("theirs.md").read_bytes() == data
    assert library.chunks("theirs.md")
    member_of(library, "outsider").remove("theirs.md")


def test_a_failed_document_of_others_is_not_forgotten_by_the_same_bytes(held):
    library, _ = held
    data = b"%PDF-1.4 and nothing that can be read"
    for account, collection, name in (
        ("outsider", THEIRS, "broken.pdf"), ("editor", OURS, "damaged.pdf"),
    ):  # fmt: skip
        sent(library, account, collection, name, data)
    assert library.document("broken.pdf").status == "failed"
    assert library.document("damaged.pdf").status == "failed"
    sent(library, "editor", OURS, "damaged.pdf", data)
    assert library.document("broken.pdf").status == "failed"
    assert library.file("broken.pdf").read_bytes() == data
    member_of(library, "editor").remove("damaged.pdf")
    member_of(library, "outsider").remove("broken.pdf")


def test_what_an_admin_imports_from_a_folder_is_in_the_audit_log(held, tmp_path):
    library, _ = held
    folder = tmp_path / "shelf"
    folder.mkdir()
    for name in ("first.md", "second.md"):
        (folder / name).write_text(f"{name} stands on the shelf.")
    admin = member_of(library, "admin")
    source, changes = watching.watch(admin, folder, OURS)
    assert len(changes.added) == 2
    (folder / "second.md").unlink()
    watching.look(admin, source)
    admin.sources.remove(source)
    written = [(one.action, one.what) for one in reversed(library.accounts.audit(5))]
    assert written == [
        ("imports from", f"folder: {folder}"),
        ("added", f"shelf/first.md to {OURS}"),
        ("added", f"shelf/second.md to {OURS}"),
        ("removed", "shelf/second.md"),
        ("imports no more from", f"folder: {folder}"),
    ]
    with pytest.raises(Refused):
        watching.watch(member_of(library, "editor"), folder, OURS)
    library.remove("shelf/first.md")


def test_what_an_admin_imports_from_an_address_is_in_the_audit_log(held, monkeypatch):
    library, _ = held
    place, fetched = "https://example.org/paper.md", []

    def fetch(address, data, **_limits):
        fetched.append(address)
        data.write(b"Fetched from afar.")
        return Fetched("paper.md", address)

    monkeypatch.setattr(addresses, "fetch", fetch)
    with pytest.raises(Refused):
        addresses.fetch_address(member_of(library, "editor"), place, OURS)
    assert not fetched
    assert addresses.fetch_address(member_of(library, "admin"), place, OURS).status == "queued"
    library.work()
    written = [(one.account, one.action, one.what) for one in library.accounts.audit(2)]
    assert ("admin", "imports from", f"address: {place}") in written
    assert ("admin", "added", f"paper.md to {OURS}") in written
    library.remove("paper.md")


def test_an_attachment_with_bytes_of_others_is_its_readers_own(held):
    library, _ = held
    data = "Attached and secret. The moon makes the tide."
    sent(library, "outsider", THEIRS, "plain.txt", data.encode())
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "ada@example.org", "Report"
    mail.set_content("See what is attached.")
    mail.add_attachment(data, filename="report.txt")
    assert sent(library, "editor", OURS, "mail.eml", mail.as_bytes()).status == "queued"
    library.work()
    (attached,) = member_of(library, "editor").attached("mail.eml")
    assert library.document(attached).status == "ready"
    assert library.document("mail.eml").warnings == ""
    assert library.document(attached).digest != library.document("plain.txt").digest
    member_of(library, "editor").remove("mail.eml")
    assert library.text("plain.txt")
    member_of(library, "outsider").remove("plain.txt")


@pytest.mark.parametrize("module", [learning, tuning])
def test_what_ranks_for_everybody_is_in_the_audit_log(held, monkeypatch, module):
    library, _ = held
    version = SimpleNamespace(version=2, shown=True)
    kept = {"all": [version], "adopt": version, "back": None}
    for name, found in kept.items():
        monkeypatch.setattr(module.KIND.held, name, lambda *_, found=found: found)
    admin = member_of(library, "admin")
    module.adopt(admin)
    module.back(admin)
    assert [(one.account, one.what) for one in library.accounts.audit(2)] == [
        ("admin", "now none"), ("admin", "version 2"),
    ]  # fmt: skip
    with pytest.raises(Refused):
        module.adopt(member_of(library, "editor"))


def test_saved_pipelines_are_in_the_audit_log(held):
    library, _ = held
    people.people(library).grant("maker", "editor")
    comparing.save_pipeline(member_of(library, "maker"), "wide", "pool=100")
    assert comparing.delete_pipeline(member_of(library, "admin"), "wide")
    assert not comparing.delete_pipeline(member_of(library, "admin"), "wide")
    assert [(one.account, one.action, one.what) for one in library.accounts.audit(2)] == [
        ("admin", "deleted the pipeline", "wide"),
        ("maker", "saved the pipeline", "wide: pool=100"),
    ]
    for change in (comparing.save_pipeline, lambda mine, *_: comparing.delete_pipeline(mine, "a")):
        with pytest.raises(Refused):
            change(member_of(library, "editor"), "a", "pool=1")


def test_the_result_of_a_job_goes_with_the_right_to_what_it_quotes(
    held, monkeypatch: pytest.MonkeyPatch
):
    library, things = held
    managed = people.people(library)
    for collection in (OURS, THEIRS):
        managed.grant("guest", "judge", collection)
    guest = member_of(library, "guest")
    judged = judged_sets.own_questions(guest, things[OURS].set, None, OURS)
    job = background.measure(judged, {"none": {"reranker": "none"}})
    job.thread.join()
    found = job_results.result(job_results.job(guest, job.id))
    assert found["questions"]
    here, elsewhere = library.jobs, Jobs(JobLog(library.index.catalogue.engine, shared=True))
    for jobs in (here, elsewhere):
        monkeypatch.setattr(library, "jobs", jobs)
        assert job_results.result(job_results.job(guest, job.id)) == found
        with pytest.raises(NotThere, match="there is no job"):
            job_results.job(member_of(library, "both"), job.id)
    managed.revoke("guest", OURS)
    for jobs in (here, elsewhere):
        monkeypatch.setattr(library, "jobs", jobs)
        assert guest.jobs.last(job_kinds.MEASURE) is None
        assert job.id not in [one.id for one in guest.jobs.all()]
        with pytest.raises(NotThere, match="there is no job"):
            job_results.job(guest, job.id)
        assert job_results.result(job_results.job(member_of(library, "admin"), job.id))


def test_forgetting_the_question_log_is_in_the_audit_log(held):
    library, _ = held
    member_of(library, "admin").question_log.forget()
    assert library.accounts.audit(1)[0].action == "forgot logged questions"
    with pytest.raises(Refused):
        member_of(library, "editor").question_log.forget()


class Meanwhile(BytesIO):
    """A file that something happens before the first byte of which is read."""

    def __init__(self, data: bytes, happens: Callable[[], object]) -> None:
        super().__init__(data)
        self._happens = [happens]

    def read(self, size: int | None = -1) -> bytes:
        while self._happens:
            self._happens.pop()()
        return super().read(size)


def test_of_one_name_that_two_add_at_once_the_second_is_refused(held):
    library, _ = held
    first = lambda: sent(library, "outsider", THEIRS, "both.md", b"The comet is theirs.")  # noqa: E731
    late = Meanwhile(b"The comet is ours.", first)
    outcome = member_of(library, "editor").enqueue_upload("both.md", late, collection=OURS)
    library.work()
    assert outcome.status == "failed"
    assert "the name 'both.md' is in use" in outcome.reason
    assert library.text("both.md") == "The comet is theirs."
    assert library.collections.of_documents()["both.md"] == (THEIRS,)
    library.remove("both.md")


def posted(library: Library, *attached: tuple[str, bytes]) -> str:
    """Have the editor add an e-mail; return the warnings of its indexing."""
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "a@example.org", "Post"
    mail.set_content(f"See the {len(attached)} that are attached.")
    for name, data in attached:
        mail.add_attachment(data, maintype="text", subtype="plain", filename=name)
    assert sent(library, "editor", OURS, "post.eml", mail.as_bytes()).status == "queued"
    return library.document("post.eml").warnings


def test_what_was_attached_stays_in_a_collection_that_its_remover_may_not_change(held):
    library, _ = held
    posted(library, ("plan.txt", b"The plan is a bridge."), ("old.txt", b"An old note."))
    library.collections.put(THEIRS, ["post.eml › plan.txt"])
    with pytest.raises(Refused) as refused:
        member_of(library, "editor").remove("post.eml")
    assert THEIRS not in str(refused.value)
    posted(library)
    assert library.attached("post.eml") == []
    kept = library.document("post.eml › plan.txt")
    assert (kept.status, kept.parent) == ("ready", "")
    assert "post.eml › old.txt" not in {one.name for one in library.documents()}
    library.remove(kept.name)
    member_of(library, "editor").remove("post.eml")


def test_an_attachment_does_not_take_the_name_of_another_document(held):
    library, _ = held
    name = "post.eml › plan.txt"
    sent(library, "outsider", THEIRS, name, b"The plan is theirs.")
    warning = posted(library, ("plan.txt", b"The plan is ours."))
    assert warning.startswith("the attachment plan.txt was not added: the name")
    assert library.text(name) == "The plan is theirs."
    assert not member_of(library, "editor").attached("post.eml")
    library.remove("post.eml")
    assert library.text(name) == "The plan is theirs."
    library.remove(name)
