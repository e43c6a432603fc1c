"""Keys at rest: only digests, named, scoped, revoked, and when they were used."""

import re
import threading

import pytest
from sqlalchemy import select

from rag.errors import NotThere, RanklensError, StorageError
from rag.store import api_keys
from rag.store.api_keys import ApiKeys
from rag.store.catalogue import Catalogue


@pytest.fixture
def catalogue(database):
    catalogue = Catalogue(database)
    yield catalogue
    catalogue.close()


@pytest.fixture
def keys(catalogue):
    return ApiKeys(catalogue.engine)


def test_a_key_is_random_and_its_digest_alone_is_kept(keys, catalogue):
    secret, made = keys.add("notebook", "write")
    other, _ = keys.add("other")
    assert re.fullmatch(r"rl_[0-9a-f]{8}_[\w-]{43}", secret)
    assert secret.startswith(made.public + "_")
    assert secret[12:] != other[12:]
    with catalogue.engine.connect() as db:
        held = str(db.execute(select(api_keys.table)).all())
    assert secret[12:] not in held
    assert "notebook" in held


def test_only_the_whole_key_is_found(keys):
    secret, made = keys.add("notebook", "write")
    assert keys.find(secret).name == "notebook"
    other, _ = keys.add("other")
    mixed = secret[:12] + other[12:]
    for wrong in ("", "x", "rl_", "rl__", made.public, secret[:-1], secret + "x", mixed, "é" * 9):
        assert keys.find(wrong) is None, wrong


def test_a_revoked_key_is_useless_and_its_name_is_free_again(keys):
    secret, _ = keys.add("notebook")
    assert keys.revoke("notebook").revoked
    assert keys.find(secret) is None
    with pytest.raises(NotThere):
        keys.revoke("notebook")
    again, _ = keys.add("notebook")
    assert keys.find(again)
    assert keys.find(secret) is None
    assert [bool(key.revoked) for key in keys.all()] == [True, False]


def test_a_name_is_used_once(keys):
    keys.add("note  book ")
    with pytest.raises(RanklensError, match="there is a key 'note book' already"):
        keys.add("note book")


@pytest.mark.parametrize("name", ["", " ", "x" * 81, "a\0b", "a\x1b[31mb"])
def test_a_name_is_printable(keys, name):
    with pytest.raises(RanklensError, match="name"):
        keys.add(name)


def test_an_unknown_scope_is_refused(keys):
    with pytest.raises(RanklensError, match="read, write, admin"):
        keys.add("x", "root")


def test_a_revoked_key_still_counts_as_a_key(keys):
    assert keys.none()
    keys.add("x")
    keys.revoke("x")
    assert not keys.none()


def test_the_last_use_is_noted_once_a_minute(keys, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(api_keys.time, "time", lambda: now[0])
    secret, made = keys.add("x")
    assert made.used is None
    for at, noted in ((2000.0, 2000.0), (2059.0, 2000.0), (2060.0, 2060.0)):
        now[0] = at
        keys.find(secret)
        assert keys.all()[0].used.timestamp() == noted


def test_a_full_disk_locks_nobody_out(keys, monkeypatch):
    secret, _ = keys.add("x")

    def full():
        raise StorageError("the disk is full")

    monkeypatch.setattr(keys._engine, "begin", full)
    assert keys.find(secret).name == "x"


def test_another_process_s_revocation_holds_at_once(keys, database):
    secret, _ = keys.add("x")
    other = Catalogue(database)
    thread = threading.Thread(target=lambda: ApiKeys(other.engine).revoke("x"))
    thread.start()
    thread.join()
    other.close()
    assert keys.find(secret) is None
