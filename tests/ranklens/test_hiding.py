"""Folders and addresses of the server in what others are shown."""

import json

from rag.settings import Settings
from ranklens.hiding import hidden

SETTINGS = Settings(
    llm_base_url="http://models.internal:8080/v1",
    cross_encoder="/srv/models/cross",
    prompts="/srv/p",
)


def test_a_folder_keeps_its_last_name_and_an_address_nothing():
    text = json.dumps(
        {"llm_base_url": SETTINGS.llm_base_url, "cross_encoder": "/srv/models/cross",
         "error": "http://models.internal:8080 does not answer", "question": "What is in /srv/x?"}
    )  # fmt: skip
    assert json.loads(hidden(text, SETTINGS)) == {
        "llm_base_url": "", "cross_encoder": "cross", "error": "address hidden does not answer",
        "question": "What is in /srv/x?",
    }  # fmt: skip


def test_a_database_is_named_to_its_owner_alone():
    settings = Settings(database_url="postgresql://me:secret@db.internal:5432/library")
    words = "the database at db.internal:5432/library cannot be reached"
    assert hidden(words, settings) == "the database at address hidden cannot be reached"
    assert "secret" not in hidden("postgresql://me:secret@db.internal:5432/library", settings)


def test_options_of_a_trace_are_hidden_too():
    """A session may have chosen another model connection than the settings name."""
    options = {"llm_base_url": "https://other.internal/v1", "top": 5}
    text = json.dumps(options)
    assert "other.internal" in hidden(text, SETTINGS)
    assert json.loads(hidden(text, SETTINGS, options)) == {"llm_base_url": "", "top": 5}
