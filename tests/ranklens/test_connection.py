"""The connection to a language model as settings, and back."""

import pytest

from rag.settings import Settings
from ranklens import connection

OWN = Settings(llm_base_url="https://u:hunter2@own.example/v1", llm_api_key="sk-own")


@pytest.mark.parametrize(
    ("kind", "url", "provider"),
    [
        ("Ollama", connection.PRESETS["Ollama"], "openai"),
        ("OpenAI", "", "openai"),
        ("Another address", "http://there/v1", "openai"),
        ("Cohere", "", "cohere"),
    ],
)
def test_a_kind_becomes_settings_and_is_known_again(kind: str, url: str, provider: str):
    options = connection.options(Settings(), kind, url, " sk-1 ")
    settings = Settings().updated(**options, llm_model="m")
    assert settings.llm_provider == provider
    assert connection.kind_of(settings) == kind
    assert connection.has_key(settings, kind, url)


def test_without_a_model_nobody_writes():
    assert connection.kind_of(Settings(**connection.NO_MODEL)) is None


def test_a_key_that_is_not_typed_leaves_the_one_that_is_set_for_this_origin():
    assert "llm_api_key" not in connection.options(Settings(), "OpenAI", "", "")
    assert connection.has_key(OWN, "Another address", "https://own.example/v2")
    assert not connection.has_key(OWN, "Another address", "https://other.example/v1")
    assert not connection.has_key(OWN, "OpenAI", "")
    assert not connection.has_key(OWN, "Ollama", connection.PRESETS["Ollama"])


def test_what_a_foreign_address_writes_is_not_shown():
    shown = {
        url: OWN.updated(**connection.options(OWN, "Another address", url, "sk-2")).provider_words
        for url in ("https://own.example/v1", "https://own.example/v2", "http://own.example/v1")
    }
    assert list(shown.values()) == [True, True, False]
    assert OWN.updated(**connection.options(OWN, "Cohere", "", "co-1")).provider_words
    assert not OWN.updated(**connection.options(OWN, "OpenAI", "", "sk-2")).provider_words


def test_the_password_of_an_address_is_kept_and_not_shown():
    shown = connection.default_url(OWN, "Another address")
    assert shown == "https://own.example/v1"
    assert connection.options(OWN, "Another address", shown, "")["llm_base_url"] == OWN.llm_base_url
