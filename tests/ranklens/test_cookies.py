"""The secret of cookies: given, kept in the database for all hosts, or new at each start."""

import json

import pytest

from rag.errors import DatabaseUnavailable, LibraryError
from rag.settings import Settings
from rag.store.facts import NAMES
from ranklens import cookies
from ranklens.cookies import FACT, cookie_secret, renew
from tests.ui.cli.conftest import run  # noqa: F401 - a fixture

AWAY = Settings(database_url="postgresql://a:hidden@127.0.0.1:1/x")


def test_what_is_given_counts(postgres):
    given = Settings(cookie_secret="mine", database_url=postgres)
    assert cookie_secret(given) == "mine"
    with pytest.raises(LibraryError, match="set another one on every host"):
        renew(given)


def test_all_hosts_of_a_database_have_one(postgres_server, tmp_path):
    address = postgres_server.database(empty=True)  # no process has made the tables yet
    hosts = [Settings(database_url=address, library=tmp_path / n) for n in ("a", "b")]
    hosts[0].library.mkdir()
    (hosts[0].library / f"{FACT}.json").write_text(json.dumps("of a folder"))
    found = {cookie_secret(one) for one in hosts}
    assert len(found) == 1
    assert len(found.pop()) == 64
    assert FACT not in NAMES  # it is not copied into a folder


def test_without_a_database_it_is_another_one_each_time():
    assert cookie_secret(Settings()) != cookie_secret(Settings())
    with pytest.raises(LibraryError, match="restart the page"):
        renew(Settings())


def test_a_host_waits_for_its_database_and_then_refuses(monkeypatch, caplog):
    pauses = []
    monkeypatch.setattr(cookies, "WAIT_SECONDS", 0.0)
    with pytest.raises(DatabaseUnavailable) as refused:
        cookie_secret(AWAY)
    monkeypatch.setattr(cookies, "WAIT_SECONDS", 1e9)
    monkeypatch.setattr(cookies.time, "sleep", pauses.append)
    answers = iter([DatabaseUnavailable("it starts"), DatabaseUnavailable("it starts"), "found"])

    def of_database(_settings):
        answer = next(answers)
        if isinstance(answer, str):
            return answer
        raise answer

    monkeypatch.setattr(cookies, "_of_database", of_database)
    assert cookie_secret(AWAY) == "found"
    assert len(pauses) == 2
    assert "hidden" not in caplog.text + str(refused.value)


def test_the_command_makes_a_new_one(postgres, run, monkeypatch):  # noqa: F811
    monkeypatch.setenv("RANKLENS_DATABASE_URL", postgres)
    settings = Settings(database_url=postgres)
    before = cookie_secret(settings)
    assert run("users", "sign-out").code == 0
    assert cookie_secret(settings) != before
    assert "sign-out" not in cookie_secret(settings)
    audit = run("users", "audit").out
    assert "signed everybody out" in audit
    assert cookie_secret(settings) not in audit
    monkeypatch.setenv("RANKLENS_COOKIE_SECRET", "another-secret-of-many-characters")
    refused = run("users", "sign-out")
    assert refused.code == 1
    assert "set another one on every host" in refused.err
