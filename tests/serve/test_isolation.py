"""Every route × six kinds of visitors × own, foreign and missing things: nothing leaks.

A thing that its visitor may not see answers, to the letter, as one that does not exist.
"""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import pytest
from starlette.testclient import TestClient

from rag.errors import RanklensError
from rag.evaluate.judgements.store import JudgementStore
from rag.store.protocol import Store
from rag.trace import to_dict
from ranklens import choices, judging, people
from ranklens.library import Library
from ranklens.members import member_of
from ranklens.members.catalogue import MemberIndex
from ranklens.members.judged import MemberJudgements
from tests.serve.conftest import MakeClient
from tests.serve.isolated import CANARIES, MISSING, OURS, THEIRS, VISITORS, Things, two_collections
from tests.serve.test_policy import OPERATIONS

Given = dict[str, Any]
Call = Callable[[Things], Given]
FILE = ("files", ("new.md", b"The comet passes the sun."))


def _json(**body: Any) -> Given:
    return {"json": body}


def _judgements(things: Things) -> bytes:
    row = f"{things.question},{things.document},0,5,2,me,person"
    return f"question,document,start,end,grade,judge,source\n{row}\n".encode()


# (method, path with a field of `Things`) → what is sent. The path is that of the route.
NAMED: dict[tuple[str, str, str], Call] = {
    ("GET", "/v1/collections/{}", "collection"): lambda t: {},
    ("PUT", "/v1/collections/{}", "collection"): lambda t: _json(name="Renamed"),
    ("DELETE", "/v1/collections/{}", "collection"): lambda t: {},
    ("GET", "/v1/collections/{}/documents", "collection"): lambda t: {},
    ("POST", "/v1/collections/{}/documents", "collection"): lambda t: _json(names=[t.document]),
    ("DELETE", "/v1/collections/{}/documents/x", "collection"): lambda t: {},
    ("GET", "/v1/documents/{}", "document"): lambda t: {},
    ("DELETE", "/v1/documents/{}", "document"): lambda t: {},
    ("GET", "/v1/documents?collection={}", "collection"): lambda t: {},
    ("POST", "/v1/documents", "collection"): lambda t: {
        "files": [FILE], "data": {"collection": t.collection}
    },
    ("POST", "/v1/reindex", "document"): lambda t: _json(names=[t.document]),
    ("GET", "/v1/text?document={}", "document"): lambda t: {},
    ("GET", "/v1/passages?document={}", "document"): lambda t: {},
    ("GET", "/v1/passages/{}", "passage"): lambda t: {},
    ("GET", "/v1/question-sets/{}", "set"): lambda t: {},
    ("DELETE", "/v1/question-sets/{}", "set"): lambda t: {},
    ("PUT", "/v1/question-sets/mine", "collection"): lambda t: _json(
        questions=[{"id": "q1", "text": "Is it?"}], collection=t.collection
    ),
    ("POST", "/v1/drafts", "document"): lambda t: _json(document=t.document),
    ("POST", "/v1/drafts/{}", "job"): lambda t: _json(set="mine"),
    ("POST", "/v1/judgements", "passage"): lambda t: _json(
        question="Is it?", passage=t.passage, grade=1
    ),
    ("DELETE", "/v1/judgements/{}", "judgement"): lambda t: {},
    ("POST", "/v1/judgements/file", "document"): lambda t: {
        "files": {"file": ("judgements.csv", _judgements(t))}
    },
    ("POST", "/v1/judgements/file", "set"): lambda t: {
        "files": {"file": ("qrels.txt", b"q1 0 x 1\n")}, "data": {"set": t.set}
    },
    ("GET", "/v1/judgements/file?form=qrels&set={}", "set"): lambda t: {},
    ("POST", "/v1/judgements/proposals", "set"): lambda t: _json(set=t.set),
    ("POST", "/v1/evaluations", "set"): lambda t: _json(questions=t.set),
    ("POST", "/v1/evaluations", "collection"): lambda t: _json(
        questions=["Is it?"], collection=t.collection
    ),
    ("POST", "/v1/fits", "set"): lambda t: _json(questions=t.set),
    ("POST", "/v1/advice", "set"): lambda t: _json(questions=t.set),
    ("POST", "/v1/learned", "set"): lambda t: _json(questions=t.set),
    ("POST", "/v1/tuned", "set"): lambda t: _json(questions=t.set),
    ("POST", "/v1/answer-grades", "set"): lambda t: _json(set=t.set),
    ("GET", "/v1/evaluations/{}", "evaluation"): lambda t: {},
    ("DELETE", "/v1/evaluations/{}", "evaluation"): lambda t: {},
    ("GET", "/v1/evaluations/{}/report", "evaluation"): lambda t: {},
    ("GET", "/v1/evaluations/{}/rankings", "evaluation"): lambda t: {},
    ("GET", "/v1/evaluations/{}/runs", "evaluation"): lambda t: {},
    ("GET", "/v1/jobs/{}", "job"): lambda t: {},
    ("GET", "/v1/jobs/{}/events", "job"): lambda t: {},
    ("GET", "/v1/jobs/{}/result", "job"): lambda t: {},
    ("POST", "/v1/jobs/{}/stop", "job"): lambda t: {},
    ("DELETE", "/v1/keys/{}", "key"): lambda t: {},
    ("GET", "/v1/traces/{}", "trace"): lambda t: {},
    ("POST", "/v1/search", "collection"): lambda t: _json(
        question="Who sees the moon?", collection=t.collection
    ),
    ("POST", "/v1/search", "document"): lambda t: _json(
        question="Who sees the moon?", documents=[t.document]
    ),
    ("POST", "/v1/ask", "collection"): lambda t: _json(
        question="Who sees the moon?", collection=t.collection
    ),
    ("POST", "/v1/ask", "document"): lambda t: _json(question=f'What is in @"{t.document}"?'),
    ("POST", "/v1/where", "passage"): lambda t: _json(
        question="The moon?", passage=t.passage, collection=t.collection
    ),
    ("POST", "/v1/chat/completions", "collection"): lambda t: _json(
        model="ranklens", messages=[{"role": "user", "content": "The moon?"}],
        collection=t.collection,
    ),
    ("GET", "/v1/datasets?set={}", "set"): lambda t: {},
    ("POST", "/v1/sweeps", "set"): lambda t: _json(questions=t.set, tried={"pool": [20]}),
    ("GET", "/v1/sweeps/{}", "evaluation"): lambda t: {},
    ("DELETE", "/v1/sweeps/{}", "evaluation"): lambda t: {},
    ("POST", "/v1/judgements/rankings", "set"): lambda t: _json(set=t.set, pipelines=["none"]),
    ("GET", "/v1/judgements/useful?job={}", "job"): lambda t: {},
    ("GET", "/v1/judgements/audit?job={}", "job"): lambda t: {},
    ("POST", "/v1/shares", "evaluation"): lambda t: _json(kind="evaluation", id=t.evaluation),
    ("DELETE", "/v1/shares/{}", "judgement"): lambda t: {},
    ("GET", "/v1/shared/{}", "key"): lambda t: {},
    ("GET", "/v1/vector_stores/{}", "collection"): lambda t: {},
    ("POST", "/v1/vector_stores/{}/search", "collection"): lambda t: _json(query="The moon?"),
}  # fmt: skip
# Routes that name nothing: what they answer is looked through for canaries.
UNNAMED: dict[tuple[str, str], Given] = {
    ("GET", "/v1/collections"): {},
    ("GET", "/v1/documents"): {},
    ("GET", "/v1/passages?words=moon"): {},
    ("GET", "/v1/passages?words=zebra+walrus"): {},
    ("GET", "/v1/indexing"): {},
    ("GET", "/v1/indexing/events"): {},
    ("GET", "/v1/jobs"): {},
    ("GET", "/v1/judgements"): {},
    ("GET", "/v1/judgements/agreement"): {},
    ("GET", "/v1/ab"): {},
    ("GET", "/v1/judgements/file"): {},
    ("GET", "/v1/question-sets"): {},
    ("GET", "/v1/evaluations"): {},
    ("GET", "/v1/evaluations/last"): {},
    ("GET", "/v1/learned"): {},
    ("GET", "/v1/tuned"): {},
    ("GET", "/v1/keys"): {},
    ("GET", "/v1/shares"): {},
    ("GET", "/v1/models"): {},
    ("GET", "/v1/models/ranklens"): {},
    ("GET", "/v1/vector_stores"): {},
    ("GET", "/v1/settings"): {},
    ("GET", "/v1/doctor"): {},
    ("GET", "/v1/folders"): {},
    ("GET", "/v1/metrics"): {},
    ("POST", "/v1/search"): _json(question="Who sees the moon and the tide?"),
    ("POST", "/v1/ask"): _json(question="Who sees the moon and the tide?"),
    ("POST", "/v1/compare"): _json(question="Who sees the moon?", pipelines=["none", "pool=50"]),
    ("POST", "/v1/where"): _json(question="Who sees the moon?", words="moon"),
    ("POST", "/v1/search "): _json(question="What is in @nowhere?"),
    ("POST", "/v1/search  "): _json(question="moon", documents=["ebr"]),
    ("POST", "/v1/chat/completions"): _json(
        model="ranklens", messages=[{"role": "user", "content": "Who sees the moon?"}]
    ),
    ("POST", "/v1/rerank"): _json(query="moon", documents=["tide", "sun"]),
    ("POST", "/v2/rerank"): _json(query="moon", documents=["tide", "sun"], model="none"),
    ("POST", "/rerank"): _json(query="moon", texts=["tide"]),
    ("POST", "/v1/texts/rerank"): _json(question="moon", texts=["tide"]),
    ("POST", "/v1/embeddings"): _json(input="moon", model="words"),
}
# What an admin alone may do, and what holds nothing of a library.
ELSEWHERE = {
    ("POST", "/v1/folders"), ("POST", "/v1/downloads"), ("POST", "/v1/verify"),
    ("POST", "/v1/rebuild"), ("POST", "/v1/learned/adoptions"), ("DELETE", "/v1/learned/adoptions"),
    ("POST", "/v1/tuned/adoptions"), ("DELETE", "/v1/tuned/adoptions"),
    ("POST", "/v1/keys"), ("POST", "/v1/collections"), ("DELETE", "/v1/indexing"),
    ("POST", "/v1/indexing"), ("POST", "/v1/question-sets"), ("POST", "/v1/evaluations/replay"),
    ("POST", "/v1/datasets"), ("GET", "/ready"),
    ("POST", "/mcp"), ("GET", "/health"), ("GET", "/openapi.json"), ("GET", "/reference"),
    ("GET", "/reference.css"),
}  # fmt: skip
OPEN = {("GET", "/health"), ("GET", "/ready")}
# Every kind of visitor with `make isolation`; else one of each that differs.
EVERYBODY = bool(os.environ.get("EVERY_VISITOR"))
PEOPLE = VISITORS[:-1] if EVERYBODY else ("anonymous", "outsider", "editor")
QUESTIONS = int(os.environ.get("CANARY_QUESTIONS", "50"))


@pytest.fixture(scope="module")
def held(tmp_path_factory) -> Iterator[tuple[Library, dict[str, Things]]]:
    with two_collections(tmp_path_factory.mktemp("isolated")) as both:
        yield both


@pytest.fixture
def client(held, client_of: MakeClient) -> Callable[[str], TestClient]:
    library, _ = held
    return lambda visitor: client_of(library, library.secrets.get(visitor, ""))


def foreign_to(visitor: str) -> str:
    return OURS if visitor == "outsider" else THEIRS


def sent(api: TestClient, method: str, path: str, value: object, given: Given):
    address = path.strip().replace("{}", str(value))
    return api.request(method, f"/api{address}", **given)


def test_every_route_is_in_one_of_the_tables():
    def plain(path: str) -> str:
        return re.sub(r"\{\}|/ranklens$|/mine$|/last$", "x" if "{}" in path else "/x", path)

    paths = {(m, p.split("?")[0].strip()) for m, p in UNNAMED} | ELSEWHERE
    paths |= {(m, p.split("?")[0]) for m, p, _ in NAMED}
    known = {(m, plain(p).replace("//", "/")) for m, p in paths}
    assert {one for one in OPERATIONS if one not in known} == set()


@pytest.mark.parametrize("visitor", PEOPLE)
@pytest.mark.parametrize(("method", "path", "kind"), NAMED)
def test_a_foreign_thing_is_a_missing_one(held, client, visitor, method, path, kind):
    things = held[1][foreign_to(visitor)]
    call = NAMED[method, path, kind]
    replies = []
    for one in (things, MISSING):
        value = getattr(one, kind)
        reply = sent(client(visitor), method, path, value, call(one))
        text = reply.text
        for name in {str(value), one.document, one.collection, one.set, one.question}:
            text = text.replace(json.dumps(name)[1:-1], "…")
        replies.append((reply.status_code, text))
        assert reply.status_code >= 400 or "…" not in text
    assert replies[0] == replies[1]
    assert replies[0][0] >= 400 or (kind == "document" and path == "/v1/documents")


@pytest.mark.parametrize("visitor", PEOPLE)
@pytest.mark.parametrize(("method", "path"), UNNAMED)
def test_nothing_foreign_is_in_what_names_nothing(held, client, visitor, method, path):
    reply = sent(client(visitor), method, path, "", UNNAMED[method, path])
    text = reply.text.replace("zebra walrus", "")
    if visitor in ("anonymous", "nobody"):
        assert reply.status_code in (401, 403)
    found = [word for word in (*CANARIES[foreign_to(visitor)], foreign_to(visitor)) if word in text]
    assert not found
    if visitor in ("anonymous", "nobody"):
        assert not [word for word in itertools.chain(*CANARIES.values()) if word in text]


@pytest.mark.parametrize("visitor", ["viewer", "judge", "editor", "admin"])
@pytest.mark.parametrize(
    ("method", "path", "kind", "least"),
    [
        ("GET", "/v1/documents/{}", "document", "viewer"),
        ("GET", "/v1/text?document={}", "document", "viewer"),
        ("GET", "/v1/passages/{}", "passage", "viewer"),
        ("GET", "/v1/question-sets/{}", "set", "viewer"),
        ("GET", "/v1/evaluations/{}", "evaluation", "viewer"),
        ("GET", "/v1/evaluations/{}/report", "evaluation", "viewer"),
        ("POST", "/v1/search", "collection", "viewer"),
        ("POST", "/v1/ask", "collection", "viewer"),
        ("POST", "/v1/where", "passage", "viewer"),
        ("POST", "/v1/judgements", "passage", "judge"),
        ("POST", "/v1/reindex", "document", "editor"),
        ("POST", "/v1/documents", "collection", "editor"),
        ("GET", "/v1/jobs/{}", "job", "editor"),  # an editor started it
        ("GET", "/v1/metrics", "job", "admin"),
        ("GET", "/v1/keys", "key", "admin"),
        ("GET", "/v1/settings", "key", "admin"),
    ],
)
def test_a_role_may_do_what_it_covers(held, client, visitor, method, path, kind, least):
    things, order = held[1][OURS], ["viewer", "judge", "editor", "admin"]
    call = NAMED.get((method, path, kind), lambda t: {})
    reply = sent(client(visitor), method, path, getattr(things, kind), call(things))
    allowed = order.index(visitor) >= order.index(least)
    assert (reply.status_code < 300) == allowed, reply.text
    if not allowed:
        assert reply.status_code in (403, 404)


@pytest.mark.parametrize(("method", "path"), sorted(ELSEWHERE - OPEN))
def test_without_an_account_nothing_else_opens_either(client, method, path):
    for visitor in ("anonymous", "nobody"):
        reply = client(visitor).request(method, f"/api{path}", json={})
        assert reply.status_code in (401, 403) or path.startswith(("/reference", "/openapi"))


def canaries() -> Iterator[str]:
    """Questions that go for the words of the other collection, in many forms."""
    forms = (
        "Where does the {} see the moon?", "{}", "tide {} moon {}", "Who is the {} of the tide?",
        "What is in @{}?", '@"{}.md" moon', "Repeat everything about the {}.", "zebr quag {}",
        "moon tide sun {} ring",
    )  # fmt: skip
    words = [*CANARIES[THEIRS], "zebras", "ZEBRA", "zebra.md", "a note on the quagga"]
    every = itertools.cycle(itertools.product(forms, words))
    for number, (form, word) in zip(range(QUESTIONS), every, strict=False):
        yield form.replace("{}", word) + " moon" * (number // 50)


def test_no_question_brings_a_foreign_passage(held, client):
    """Neither ranked nor quoted nor named in an error."""
    things, api = held[1], client("viewer")
    for number, question in enumerate(canaries()):
        path = "/api/v1/ask" if number % 10 == 0 else "/api/v1/search"
        more = {"collection": OURS} if number % 3 == 0 else {}
        if number % 5 == 0:  # whose is what was kept of it then?
            client("outsider").post(path, json={"question": question})
        reply = api.post(path, json={"question": question, **more})
        assert things[THEIRS].passage not in reply.text
        found = {
            hit["chunk"]["document"]
            for stage in reply.json().get("stages", ())
            for hit in stage["hits"]
        }
        assert found <= {things[OURS].document, "new.md"}
        if not reply.is_success:
            words = reply.json()["detail"].lower()
            asked = question.lower()
            assert not [w for w in CANARIES[THEIRS] if w in words and w not in asked]


@pytest.mark.parametrize("visitor", ["viewer", "editor", "outsider"])
def test_what_is_offered_holds_nothing_foreign(held, client, visitor):
    """Suggested questions, completions of @names, errors that list names, and metrics."""
    library, _ = held
    mine = member_of(library, visitor)
    names = [document.name for document in choices.ready(mine, mine.collections.last())]
    offered = [names, choices.suggested(mine.documents(), 5), judging.disliked(mine)]
    offered += [mine.conversations.searched(), mine.question_log.questions()]
    offered += [mine.collections.names()]
    for one in ("zebr", "walru", "nothing"):
        try:
            offered.append(mine.search(f"What is in @{one}?").evidence)
        except RanklensError as error:
            offered.append([str(error)])
    reply = client(visitor).get("/api/v1/metrics")
    assert reply.status_code == 403
    text = f"{offered} {reply.text}".lower()
    foreign = foreign_to(visitor)
    assert not [word for word in (*CANARIES[foreign], foreign.lower()) if word in text]


def test_a_judge_has_the_name_of_the_account(held, client):
    things = held[1][OURS]
    body = {"question": "Is it?", "passage": things.passage, "grade": 2, "judge": "somebody else"}
    reply = client("judge").post("/api/v1/judgements", json=body)
    assert reply.json()["judge"] == "judge"


def test_a_trace_from_outside_opens_nothing(held, client):
    library, things = held
    trace = to_dict(library.search("Who sees the moon?", collection=THEIRS))
    body = {"trace": trace, "words": "moon"}
    reply = client("viewer").post("/api/v1/where", json=body)
    assert (
        reply.status_code >= 400 or reply.json()["passage"]["document"] != things[THEIRS].document
    )
    assert not [word for word in CANARIES[THEIRS] if word in reply.text]
    body["passage"] = things[THEIRS].passage
    assert client("viewer").post("/api/v1/where", json=body).status_code >= 400


def test_the_bytes_of_a_foreign_document_are_as_any_others(held, client):
    library, things = held
    data = library.file(things[THEIRS].document).read_bytes()
    replies = []
    for content in (data, b"Nobody has this."):
        files = [("files", ("mine.md", content))]
        api = client("editor")
        reply = api.post("/api/v1/documents", files=files, data={"collection": OURS})
        replies.append(reply.text)
        library.work()
        shown = api.get("/api/v1/documents/mine.md").json()
        assert (shown["status"], shown["digest"] != sha256(content).hexdigest()) == ("ready", True)
        assert library.file("mine.md").read_bytes() == content
    assert replies[0] == replies[1]
    assert client("editor").delete("/api/v1/documents/mine.md").status_code == 204
    assert library.file(things[THEIRS].document).read_bytes() == data
    assert library.collections.of_documents()[things[THEIRS].document] == (THEIRS,)


def test_a_foreign_document_is_not_replaced_by_one_of_its_name(held, client):
    library, things = held
    before = library.text(things[THEIRS].document)
    files = [("files", (things[THEIRS].document, b"Overwritten."))]
    reply = client("editor").post("/api/v1/documents", files=files, data={"collection": OURS})
    assert reply.json()[0]["status"] == "failed"
    library.work()
    assert library.text(things[THEIRS].document) == before


def test_a_revoked_right_is_gone(held, client):
    library, things = held
    managed = people.people(library)
    managed.grant("guest", "viewer", OURS)
    library.secrets["guest"] = library.keys.add("guest", "read", "guest")[0]
    api, path = client("guest"), f"/api/v1/documents/{things[OURS].document}"
    assert api.get(path).status_code == 200
    assert people.RIGHTS_SECONDS < 60
    managed.revoke("guest", OURS)
    assert api.get(path).status_code == 403
    managed.grant("guest", "viewer", OURS)
    managed.block("guest")
    assert api.get(path).status_code == 403


def test_a_key_has_no_more_rights_than_its_scope(held, client):
    library, things = held
    library.secrets["narrow"] = library.keys.add("narrow", "read", "editor")[0]
    body = {"names": [things[OURS].document]}
    assert client("narrow").post("/api/v1/reindex", json=body).status_code == 403
    document = f"/api/v1/documents/{things[OURS].document}"
    assert client("narrow").get(document).status_code == 200


def test_a_key_without_an_account_opens_nothing(held, client):
    library, _ = held
    library.secrets["old"] = library.keys.add("old", "admin")[0]
    assert client("old").get("/api/v1/documents").status_code == 401


def test_every_function_of_the_store_of_judgements_is_looked_at():
    """It is the one part that inherits: what is new there must ask the policy too."""
    public = {name for name in vars(JudgementStore) if not name.startswith("_")}
    assert public - set(vars(MemberJudgements)) == {"for_chunks", "qrels", "spans"}


def test_what_a_member_s_index_passes_on_is_there():
    assert MemberIndex.passes <= vars(Store).keys()


def test_what_was_foreign_is_as_it_was(held):
    """Last: nothing that was tried above has changed the other collection."""
    library, things = held
    for name, ours in things.items():
        assert ours.document in library.collections.members(name)
        assert ours.set in library.question_sets.names()
        assert ours.evaluation in {one.id for one in library.evaluations.all()}
        assert ours.judgement in {one.id for one in library.judgements.all()}
    assert things[THEIRS].key in {one.name for one in library.keys.all() if not one.revoked}
