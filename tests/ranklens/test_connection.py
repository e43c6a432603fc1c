"""The connection to a language model as settings, and back."""

import pytest

from rag.settings import Settings
from ranklens import connection


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
    options = connection.options(kind, url, " sk-1 ")
    settings = Settings(**options, llm_model="m")
    assert settings.llm_provider == provider
    assert connection.kind_of(settings) == kind
    assert connection.has_key(settings, kind)


def test_without_a_model_nobody_writes():
    assert connection.kind_of(Settings(**connection.NO_MODEL)) is None


def test_a_key_that_is_not_typed_leaves_the_one_that_is_set():
    assert "llm_api_key" not in connection.options("OpenAI", "", "")


def test_keys_are_not_written_down():
    lines = connection.as_toml({**connection.options("vLLM", "u", "sk-1"), "llm_model": "m"})
    assert lines.splitlines() == [
        'llm_provider = "openai"',
        'llm_base_url = "u"',
        'llm_model = "m"',
    ]
