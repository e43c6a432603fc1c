"""The page that chooses who writes the answers, against a real local server."""

import pytest

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
    at.text_input(key="key_Another address").input(key).run()
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
