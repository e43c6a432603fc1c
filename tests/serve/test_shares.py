"""Links that share one thing: to be read, for a time, as long as their maker may see it."""

from __future__ import annotations

import logging

import pytest

from ranklens import people
from tests.serve.conftest import MakeClient
from tests.serve.isolated import CANARIES, MISSING, OURS, THEIRS, two_collections


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    with two_collections(tmp_path_factory.mktemp("shared")) as both:
        yield both


@pytest.fixture
def client(held, client_of: MakeClient):
    library, _ = held
    return lambda visitor: client_of(library, library.secrets.get(visitor, ""))


def chat_of(library, account):
    with library.index.catalogue.engine.connect() as db:
        query = "SELECT id FROM conversations WHERE owner = ?"
        return db.exec_driver_sql(query, (account,)).scalar()


def shared(api, kind, key="", **more):
    reply = api.post("/api/v1/shares", json={"kind": kind, "id": key, **more})
    assert reply.status_code == 201, reply.text
    return reply.json()


def test_a_link_shows_one_conversation_and_nothing_else_to_another_account(held, client):
    library, _ = held
    chat = chat_of(library, "outsider")
    made = shared(client("outsider"), "conversation", chat)
    reply = client("viewer").get(f"/api/v1/shared/{made['secret']}")
    assert reply.json()["account"] == "outsider"
    assert CANARIES[THEIRS][0] in reply.text
    document = f"/api/v1/documents/{CANARIES[THEIRS][0]}.md"
    assert client("viewer").get(document).status_code == 404
    assert client("anonymous").get(f"/api/v1/shared/{made['secret']}").status_code == 401
    assert client("nobody").get(f"/api/v1/shared/{made['secret']}").status_code == 403
    assert client("viewer").get(f"/api/v1/shared/{made['secret'][:-1]}").status_code == 404


@pytest.mark.parametrize(
    ("kind", "field"),
    [("evaluation", "evaluation"), ("comparison", "trace"), ("votes", "collection")],
)
def test_what_else_can_be_shared(held, client, kind, field):
    things = held[1][THEIRS]
    key = getattr(things, field)
    more = {"collection": key} if kind == "votes" else {}
    made = shared(client("outsider"), kind, "" if more else key, **more)
    reply = client("viewer").get(f"/api/v1/shared/{made['secret']}")
    assert reply.status_code == 200, reply.text
    assert reply.json()["kind"] == kind
    assert reply.json()["shown"]


@pytest.mark.parametrize("kind", ["conversation", "evaluation", "comparison", "votes"])
def test_what_somebody_does_not_see_cannot_be_shared(held, client, kind):
    library, things = held
    theirs = {
        "conversation": chat_of(library, "outsider"),
        "evaluation": things[THEIRS].evaluation,
        "comparison": things[THEIRS].trace,
        "votes": "",
    }
    for key, where in ((theirs[kind], THEIRS), (MISSING.evaluation, MISSING.collection)):
        more = {"collection": where} if kind == "votes" else {}
        body = {"kind": kind, "id": key, **more}
        assert client("viewer").post("/api/v1/shares", json=body).status_code == 404


def test_a_link_ends_when_it_is_revoked_by_its_maker_or_an_administrator(held, client):
    library, _ = held
    chat = chat_of(library, "outsider")
    for who in ("outsider", "admin"):
        made = shared(client("outsider"), "conversation", chat)
        path, link = f"/api/v1/shares/{made['id']}", f"/api/v1/shared/{made['secret']}"
        assert client("viewer").delete(path).status_code == 404
        assert client("viewer").get(link).status_code == 200
        assert client(who).delete(path).status_code == 204
        assert client("viewer").get(link).status_code == 404
    assert {one.action for one in library.accounts.audit()} >= {"shared", "revoked the link"}


def test_a_link_ends_with_the_right_of_who_made_it(held, client):
    library, _ = held
    made = shared(client("outsider"), "conversation", chat_of(library, "outsider"))
    link = f"/api/v1/shared/{made['secret']}"
    managed = people.people(library)
    managed.revoke("outsider")
    assert client("viewer").get(link).status_code == 404
    managed.grant("outsider", "editor", THEIRS)
    assert client("viewer").get(link).status_code == 200


def test_everybody_lists_their_own_links_and_no_secret(held, client):
    made = shared(client("viewer"), "evaluation", held[1][OURS].evaluation)
    mine = client("viewer").get("/api/v1/shares")
    assert {one["account"] for one in mine.json()} == {"viewer"}
    assert made["secret"] not in mine.text
    assert {one["account"] for one in client("admin").get("/api/v1/shares").json()} > {"viewer"}


def test_a_link_is_over_after_its_days(held, client):
    body = {"kind": "evaluation", "id": held[1][OURS].evaluation}
    for days in (0, -1, 91):
        reply = client("viewer").post("/api/v1/shares", json={**body, "days": days})
        assert reply.status_code == 422


def test_the_secret_of_a_link_is_not_in_the_log(held, client, caplog):
    library, _ = held
    made = shared(client("outsider"), "conversation", chat_of(library, "outsider"))
    with caplog.at_level(logging.INFO):
        assert client("viewer").get(f"/api/v1/shared/{made['secret']}").status_code == 200
    ours = [record.getMessage() for record in caplog.records if record.name == "ranklens.api"]
    assert any("/v1/shared/(hidden) 200" in line for line in ours)
    assert not any(made["secret"] in line for line in ours)
