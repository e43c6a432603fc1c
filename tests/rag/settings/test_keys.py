"""A key goes to no other origin than the one that it was set for."""

import pytest

from rag.settings import Settings, load_settings
from rag.settings.keys import COHERE_URL, KEYS, OPENAI_URL

ELSEWHERE = "http://elsewhere.example/v1"
USUAL = {key: one.usual for key, one in KEYS.items() if one.usual}


def secret(settings, key):
    return getattr(settings, key).get_secret_value()


def test_every_key_has_an_address():
    keys = {name for name in Settings.model_fields if name.endswith("_key")}
    assert set(KEYS) == keys
    assert all(one.option in Settings.model_fields for one in KEYS.values())
    defaults = Settings()
    assert all(one.provider in (getattr(defaults, one.option), OPENAI_URL, COHERE_URL)
               for one in KEYS.values() if one.provider)  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("before", ["", "https://here.example/v1"])
def test_a_key_is_dropped_where_its_address_changes(key, before):
    address = KEYS[key].option
    settings = Settings(**{key: "secret-1", address: before})
    assert secret(settings.updated(**{address: ELSEWHERE}), key) == ""
    assert secret(settings.updated(**{address: ELSEWHERE, key: "secret-2"}), key) == "secret-2"
    assert secret(settings.updated(**{address: before}), key) == "secret-1"
    assert secret(settings.updated(pool=7), key) == "secret-1"
    assert secret(settings.updated(**{address: ELSEWHERE}).updated(**{address: before}), key) == ""


@pytest.mark.parametrize("address", ["https://here.example:443/v2", "https://u:p@HERE.example"])
def test_another_path_of_the_same_origin_keeps_it(address):
    settings = Settings(llm_api_key="secret-1", llm_base_url="https://here.example/v1")
    assert secret(settings.updated(llm_base_url=address), "llm_api_key") == "secret-1"


def test_an_empty_address_is_the_providers_own():
    settings = Settings(llm_api_key="secret-1")
    assert secret(settings.updated(llm_base_url=OPENAI_URL), "llm_api_key") == "secret-1"


@pytest.mark.parametrize("key", USUAL)
def test_a_providers_usual_variable_is_for_its_own_address(key, tmp_path, monkeypatch):
    monkeypatch.setenv(USUAL[key], "secret-1")
    assert secret(load_settings(tmp_path), key) == "secret-1"
    monkeypatch.setenv(f"RANKLENS_{KEYS[key].option.upper()}", ELSEWHERE)
    assert secret(load_settings(tmp_path), key) == ""
    monkeypatch.setenv(f"RANKLENS_{key.upper()}", "secret-2")
    assert secret(load_settings(tmp_path), key) == "secret-2"


@pytest.mark.parametrize("key", [key for key in USUAL if KEYS[key].usual_address])
def test_and_for_the_address_that_the_same_environment_names(key, tmp_path, monkeypatch):
    monkeypatch.setenv(USUAL[key], "secret-1")
    monkeypatch.setenv(f"RANKLENS_{KEYS[key].option.upper()}", ELSEWHERE)
    monkeypatch.setenv(KEYS[key].usual_address, ELSEWHERE)
    assert secret(load_settings(tmp_path), key) == "secret-1"
    monkeypatch.setenv(KEYS[key].usual_address, "http://third.example/v1")
    assert secret(load_settings(tmp_path), key) == ""


@pytest.mark.parametrize("key", KEYS)
def test_a_key_of_the_environment_is_not_sent_to_a_given_address(key, tmp_path, monkeypatch):
    def given(**changes):
        return secret(load_settings(tmp_path, **changes), key)

    address = KEYS[key].option
    monkeypatch.setenv(f"RANKLENS_{key.upper()}", "secret-1")
    monkeypatch.setenv(f"RANKLENS_{address.upper()}", "https://here.example/v1")
    assert given(**{address: ELSEWHERE}) == ""
    assert given(**{address: ELSEWHERE, key: "secret-2"}) == "secret-2"
    assert given(**{address: "https://here.example/v2"}) == "secret-1"
