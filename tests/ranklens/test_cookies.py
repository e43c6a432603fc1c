"""The secret of cookies: given, kept in the database for all hosts, or new at each start."""

from rag.settings import Settings
from rag.store.facts import NAMES
from ranklens.cookies import FACT, cookie_secret


def test_what_is_given_counts(postgres):
    assert cookie_secret(Settings(cookie_secret="mine", database_url=postgres)) == "mine"


def test_all_hosts_of_a_database_have_one(postgres_server, tmp_path):
    address = postgres_server.database(empty=True)  # no process has made the tables yet
    hosts = [Settings(database_url=address, library=tmp_path / n) for n in ("a", "b")]
    found = {cookie_secret(one) for one in hosts}
    assert len(found) == 1
    assert len(found.pop()) == 64
    assert FACT not in NAMES  # it is not copied into a folder


def test_without_a_database_it_is_another_one_each_time(caplog):
    assert cookie_secret(Settings()) != cookie_secret(Settings())
    away = Settings(database_url="postgresql://a:hidden@127.0.0.1:1/x")
    assert cookie_secret(away) != cookie_secret(away)
    assert "cookies hold for this start only" in caplog.text
    assert "hidden" not in caplog.text
