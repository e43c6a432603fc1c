"""Settings and connections that are saved in a library: they survive, and nothing gets in."""

import errno
import stat
from threading import Event, Thread

import pytest

from rag.errors import SettingsError
from rag.settings import Settings
from ranklens import connection, saved_settings
from ranklens.connection import AS_SET, QUOTE, ModelConnection
from ranklens.library import Library

ONE = ModelConnection("Mine", "Another address", "http://there.example/v1", "small")


def option(library, name):
    found = [one for rows in saved_settings.options(library).values() for one in rows]
    return next(one for one in found if one.name == name)


def test_what_is_saved_holds_at_once_and_after_a_restart(settings):
    with Library.open(settings) as library:
        saved_settings.save(library, "pool", 70)
        saved_settings.save(library, "threshold", 0.5)
        assert library.pipeline.settings.pool == library.settings.pool == 70
    with Library.open(settings) as library:
        assert (library.settings.pool, library.settings.threshold) == (70, 0.5)
        assert option(library, "pool").source == "saved here"
        assert (option(library, "pool").before, option(library, "top").source) == ("50", "default")
        saved_settings.reset(library, "pool")
        assert (library.settings.pool, library.pipeline.settings.pool) == (50, 50)


def test_one_that_read_before_a_change_does_not_undo_it(settings, monkeypatch):
    read, go_on, changes = Event(), Event(), connection.changes

    def slow(library, choice):
        if not read.is_set():
            read.set()
            go_on.wait(20)
        return changes(library, choice)

    with Library.open(settings) as library:
        monkeypatch.setattr(connection, "changes", slow)
        first = Thread(target=saved_settings.apply, args=(library,))
        second = Thread(target=saved_settings.save, args=(library, "pool", 70))
        first.start()
        assert read.wait(20)
        second.start()
        second.join(0.5)
        go_on.set()
        first.join(20)
        second.join(20)
        assert library.settings.pool == library.pipeline.settings.pool == 70


def test_the_environment_and_the_command_line_come_first(settings, monkeypatch):
    with Library.open(settings) as library:
        saved_settings.save(library, "pool", 70)
        saved_settings.save(library, "top", 9)
    monkeypatch.setenv("RANKLENS_POOL", "20")
    with Library.open(settings.updated(pool=20, top=3)) as library:
        assert (library.settings.pool, library.settings.top) == (20, 3)
        assert "environment" in option(library, "pool").reason
        with pytest.raises(SettingsError, match="RANKLENS_POOL"):
            saved_settings.save(library, "pool", 70)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("library", "/etc"), ("prompts", "/etc"), ("max_file_mb", 9000), ("page_hosts", "evil"),
        ("llm_base_url", "http://evil"), ("llm_api_key", "sk"), ("cohere_url", "http://evil"),
        ("trust_remote_code", "a/b"), ("chunk_tokens", 99), ("api_body_kb", 10**6),
        ("cross_encoder", "/etc"), ("pool", "many"), ("pool", 0), ("parse_seconds", 9e9),
    ],
)  # fmt: skip
def test_only_harmless_options_of_the_right_type_are_saved(settings, name, value):
    with Library.open(settings) as library:
        with pytest.raises(SettingsError):
            saved_settings.save(library, name, value)
        library.saved.save(name, value)  # as if somebody had made this library
        before = library.settings
        saved_settings.apply(library)
        assert library.settings == before


def test_a_connection_survives_and_its_key_is_in_no_table(settings):
    with Library.open(settings) as library:
        saved_settings.connect(library, ONE, "sk-0123456789")
        saved_settings.choose(library, "Mine")
    path = settings.library / connection.KEYS_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"sk-0123456789" not in (settings.library / "catalogue.sqlite").read_bytes()
    with Library.open(settings) as library:
        assert library.settings.llm_model == library.pipeline.settings.llm_model == "small"
        assert library.settings.llm_base_url == ONE.url
        assert library.settings.llm_api_key.get_secret_value() == "sk-0123456789"
        saved_settings.choose(library, QUOTE)
        assert library.settings.llm_model == ""
        saved_settings.disconnect(library, "Mine")
        assert "sk-0123456789" not in path.read_text()


def test_a_key_that_cannot_be_written_is_an_error_in_words_and_saves_no_key(settings, monkeypatch):
    with Library.open(settings) as library:
        saved_settings.connect(library, ONE, "sk-0123456789")

        def read_only(*_: object) -> None:
            raise OSError(errno.EROFS, "Read-only file system", "/data/library/model-keys.json")

        monkeypatch.setattr(connection, "write_file", read_only)
        with pytest.raises(SettingsError) as refused:
            saved_settings.connect(library, ONE, "sk-another")
        assert str(refused.value) == (
            "the key cannot be saved in model-keys.json (Read-only file system); if that file is "
            "mounted, change it there, or set the key in the environment"
        )
        assert connection.key_source(library, ONE) == "in model-keys.json"
    assert "sk-0123456789" in (settings.library / connection.KEYS_FILE).read_text()


def test_a_key_is_not_sent_to_another_address(settings):
    with Library.open(settings) as library:
        saved_settings.connect(library, ONE, "sk-0123456789")
        moved = ModelConnection("Mine", ONE.kind, "http://elsewhere.example/v1", "small")
        saved_settings.connect(library, moved)
        saved_settings.choose(library, "Mine")
        assert library.settings.llm_base_url == "http://elsewhere.example/v1"
        assert library.settings.llm_api_key.get_secret_value() == ""
        assert connection.key_source(library, moved) == "none"


def test_a_providers_own_variable_is_its_key(settings, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-env-0123456789")
    local = settings.updated(llm_base_url="http://own.example/v1", llm_model="own")
    with Library.open(local) as library:
        assert connection.in_use(library) == AS_SET
        there = ModelConnection("Big", "OpenAI", "", "gpt")
        saved_settings.connect(library, there)
        saved_settings.choose(library, "Big")
        assert library.settings.llm_api_key.get_secret_value() == "sk-env-0123456789"
        assert connection.key_source(library, there) == "from the settings"
        saved_settings.choose(library, AS_SET)
        assert library.settings.llm_api_key.get_secret_value() == ""
        assert library.settings.llm_model == "own"


@pytest.mark.parametrize(
    "one",
    [
        ModelConnection(" ", "OpenAI", "", "m"),
        ModelConnection("(as set)", "OpenAI", "", "m"),
        ModelConnection("x", "OpenAI", "", " "),
        ModelConnection("x", "Nowhere", "", "m"),
        ModelConnection("x", "Another address", "http://a:b@there/v1", "m"),
        ModelConnection("x", "Another address", "http://a b", "m"),
    ],
)
def test_a_connection_that_is_not_whole_is_refused(settings, one):
    with Library.open(settings) as library, pytest.raises(SettingsError):
        saved_settings.connect(library, one)


def test_no_option_has_the_name_under_which_the_connection_in_use_is_kept():
    from rag.store.saved_settings import IN_USE

    assert IN_USE not in Settings.model_fields
