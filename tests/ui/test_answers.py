"""The page that chooses who writes the answers, against a real local server."""

import pytest

from rag.settings import Settings
from rag.settings.addresses import origin
from tests.servers.fixed_server import FixedServer
from tests.servers.openai_server import OpenAIServer
from tests.ui.test_ask import html


@pytest.fixture
def server():
    with OpenAIServer(models=("small", "large")) as running:
        yield running


def answers(page, **state):
    return page("ui/settings/page.py", **state)


def chosen(page, server, key):
    at = answers(page)
    at.selectbox(key="llm_kind").select("Another address").run()
    at.text_input(key="llm_url_Another address").input(server.url).run()
    at.text_input(key=f"key_Another address_{origin(server.url)}").input(key).run()
    return at


def press(at, label):
    return next(button for button in at.button if button.label == label).click().run()


def test_nobody_writes_unless_a_model_is_chosen(page):
    at = answers(page)
    assert "In use now: <b>no model</b>" in html(at)
    assert at.selectbox(key="llm_kind").value == "Nobody: quote the documents"
    assert not at.exception


def test_a_connection_is_tested_and_one_of_its_models_used(page, server):
    at = press(chosen(page, server, server.key), "Test the connection")
    assert "has 2 models" in html(at)
    assert at.selectbox(key="llm_name").options == ["large", "small"]
    at.selectbox(key="llm_name").select("small").run()
    at = press(at, "Use this")
    used = at.session_state["llm"]
    assert used["llm_model"] == "small"
    assert used["llm_base_url"] == server.url
    assert "openai:small" in html(at)
    assert server.key not in html(at) + "".join(code.value for code in at.code)


def test_what_went_wrong_is_told_in_words(page, server):
    at = press(chosen(page, server, "sk-wrong-0123456789"), "Test the connection")
    assert "refused the key" in html(at)
    assert "wrong-0123" not in html(at)
    assert not at.exception


def test_the_owners_key_does_not_go_to_an_address_that_somebody_types(page, server, library):
    library.settings = Settings(llm_base_url="http://own.example/v1", llm_api_key=server.key,
                                llm_model="own")  # fmt: skip
    at = answers(page)
    at.text_input(key="llm_url_Another address").input(server.url).run()
    at = press(at, "Test the connection")
    assert "needs a key, and none is set for this address" in html(at)
    assert not server.requests


def test_a_typed_key_stays_with_the_address_that_it_was_typed_for(page, server):
    at = chosen(page, server, server.key)
    with OpenAIServer() as other:
        at.text_input(key="llm_url_Another address").input(other.url).run()
        assert at.text_input(key=f"key_Another address_{origin(other.url)}").value == ""
        assert "needs a key" in html(press(at, "Test the connection"))


def test_a_test_shows_nothing_of_what_answers_at_an_address(page):
    with FixedServer(b'{"message": "internal-secret", "error": "internal-secret"}', 400) as other:
        at = press(chosen(page, other, "sk-0123456789"), "Test the connection")
        assert "did not accept the request (400)" in html(at)
        assert "internal-secret" not in html(at)
        assert not at.exception


def test_the_password_of_an_address_is_not_on_the_page(page, library):
    library.settings = Settings(llm_base_url="http://user:hunter2@own.example/v1", llm_model="own")
    at = answers(page)
    assert at.text_input(key="llm_url_Another address").value == "http://own.example/v1"
    assert "hunter2" not in html(at) + "".join(code.value for code in at.code)
    used = press(at, "Use this").session_state["llm"]
    assert used["llm_base_url"] == "http://user:hunter2@own.example/v1"  # as it was set


def test_the_settings_file_is_named_without_its_folder(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "Settings file: none" in html(answers(page))
    (tmp_path / "ranklens.toml").write_text("pool = 7\n")
    shown = html(answers(page))
    assert "<b>ranklens.toml</b> (found in the working folder)" in shown
    assert str(tmp_path) not in shown
