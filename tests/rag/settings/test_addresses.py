"""Origins of addresses, and the credentials that an address may hold."""

import json

import pytest

from rag.settings import Settings, settings_table
from rag.settings.addresses import Address, login, origin, without_login


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://host/v1", "https://HOST:443/other", True),
        ("https://host/v1", "https://user:pw@host/v1", True),
        ("https://host/v1", "http://host/v1", False),
        ("https://host/v1", "https://host:8443/v1", False),
        ("https://host/v1", "https://host.evil/v1", False),
        ("https://host/v1", "https://host@evil/v1", False),
        ("https://host/v1", "https://host\\@evil/v1", False),
        ("https://host/v1", "https://evil/https://host/v1", False),
        ("https://host/v1", "https://[host/v1", False),
        ("", "https://host/v1", False),
    ],
)
def test_an_origin_is_scheme_host_and_port(one, other, same):
    assert (origin(one) == origin(other)) is same


@pytest.mark.parametrize(
    ("address", "bare", "held"),
    [
        ("https://host/v1", "https://host/v1", None),
        ("https://a:b@host/x", "https://host/x", ("a", "b")),
        ("https://a:b%40c@host/x", "https://host/x", ("a", "b@c")),
        ("https://a:b@c@host/x@y", "https://host/x@y", ("a", "b@c")),
        ("https://token@host", "https://host", ("token", "")),
        ("a:b@host:8000", "host:8000", None),
        ("https://a:b/c@host/x", "https://host/x", None),  # a port that is none
        ("https://a:b@[host", "https://[host", None),
    ],
)
def test_an_address_is_shown_without_name_and_password(address, bare, held):
    assert without_login(address) == bare
    if "/c@" not in address:
        assert login(address) == held


def test_every_address_is_known_by_its_name():
    marked = Address.__metadata__
    names = [n for n, f in Settings.model_fields.items() if set(f.metadata) & {*marked}]
    assert len(names) >= 6
    assert all(name.endswith("_url") for name in names)


def test_credentials_of_an_address_are_shown_nowhere():
    names = [name for name in Settings.model_fields if name.endswith("_url")]
    settings = Settings(**dict.fromkeys(names, "https://user:hunter2@host/v1"))
    everything = json.dumps(settings.shaping("index", "ranking", "answer"))
    assert "https://host/v1" in everything
    for text in (everything, repr(settings), str(settings), str(settings_table(settings))):
        assert "hunter2" not in text
    assert settings.updated(pool=3).llm_base_url == "https://user:hunter2@host/v1"
