"""The Settings page: saved options, and model connections against a real local server."""

import pytest

import ui.shared.state
from rag.settings import Settings
from rag.settings.addresses import origin
from tests.servers.fixed_server import FixedServer
from tests.servers.openai_server import OpenAIServer
from tests.ui.test_ask import html

QUOTE = "No model: quote the documents"


@pytest.fixture
def server():
    with OpenAIServer(models=("small", "large")) as running:
        yield running


def settings(page, section="Model connections"):
    return page("ui/settings/page.py", section=section)


def connected(page, server, key):
    at = settings(page)
    at.selectbox(key="llm_kind").select("Another address").run()
    at.text_input(key="llm_url_Another address").input(server.url).run()
    at.text_input(key=f"key_Another address_{origin(server.url)}").input(key).run()
    return at


def press(at, label):
    return next(button for button in at.button if button.label == label).click().run()


def test_nothing_is_connected_at_first(page):
    at = settings(page)
    assert at.selectbox(key="writer").options == [QUOTE]
    assert "nothing is sent anywhere" in html(at)
    assert not at.exception


def test_a_connection_is_tested_saved_and_used(page, server, library):
    at = press(connected(page, server, server.key), "Test the connection")
    assert "has 2 models" in html(at)
    assert at.selectbox(key="llm_name").options == ["large", "small"]
    at.selectbox(key="llm_name").select("small").run()
    at.text_input(key="connection_name").input("Mine").run()
    at = press(at, "Save and use")
    assert at.selectbox(key="writer").options == [QUOTE, "Mine: small"]
    assert at.selectbox(key="writer").value == "Mine"
    assert library.settings.llm_model == "small"
    assert library.settings.llm_api_key.get_secret_value() == server.key
    shown = html(at) + "".join(str(one.value) for one in at.text_input)
    assert server.key not in shown
    assert "in model-keys.json" in shown
    assert settings(page).selectbox(key="writer").value == "Mine"  # another session
    at = press(at, "Remove")
    assert at.selectbox(key="writer").options == [QUOTE]
    assert library.settings.llm_model == ""


def test_what_went_wrong_is_shown_in_words(page, server):
    at = press(connected(page, server, "sk-wrong-0123456789"), "Test the connection")
    assert "refused the key" in html(at)
    assert "wrong-0123" not in html(at)
    assert not at.exception


def test_the_owners_key_does_not_go_to_an_address_that_somebody_types(page, server, library):
    library.settings = Settings(llm_base_url="http://own.example/v1", llm_api_key=server.key,
                                llm_model="own", library=library.settings.library)  # fmt: skip
    at = settings(page)
    at.selectbox(key="llm_kind").select("Another address").run()
    at.text_input(key="llm_url_Another address").input(server.url).run()
    at = press(at, "Test the connection")
    assert "needs a key, and none is set for this address" in html(at)
    assert not server.requests


def test_a_typed_key_stays_with_the_address_that_it_was_typed_for(page, server):
    at = connected(page, server, server.key)
    with OpenAIServer() as other:
        at.text_input(key="llm_url_Another address").input(other.url).run()
        assert at.text_input(key=f"key_Another address_{origin(other.url)}").value == ""
        assert "needs a key" in html(press(at, "Test the connection"))


def test_a_test_shows_nothing_of_what_answers_at_an_address(page):
    with FixedServer(b'{"message": "internal-secret", "error": "internal-secret"}', 400) as other:
        at = press(connected(page, other, "sk-0123456789"), "Test the connection")
        assert "did not accept the request (400)" in html(at)
        assert "internal-secret" not in html(at)
        assert not at.exception


def test_the_password_of_an_address_is_not_on_the_page(page, library):
    library.settings = Settings(llm_base_url="http://user:hunter2@own.example/v1", llm_model="own",
                                library=library.settings.library)  # fmt: skip
    at = settings(page)
    at.selectbox(key="llm_kind").select("Another address").run()
    assert at.text_input(key="llm_url_Another address").value == "http://own.example/v1"
    assert "hunter2" not in html(at)
    assert "hunter2" not in html(settings(page, "Answers"))


def test_an_option_is_saved_and_reset(page, library):
    at = settings(page, "Retrieval")
    assert '<b>pool</b><span class="rl-tag ">default</span>' in html(at)
    at.number_input(key="option_pool").set_value(70).run()
    assert library.settings.pool == 70
    assert library.pipeline.settings.pool == 70
    assert "saved here" in html(at)
    assert "default" in html(settings(page, "Retrieval"))
    assert settings(page, "Retrieval").number_input(key="option_pool").value == 70
    at = press(at, "Reset to 50")
    assert library.settings.pool == 50
    assert "saved here" not in html(at)
    assert not at.exception


def test_every_section_opens_and_shows_every_option(page):
    sections = settings(page).get("button_group")[0].options
    shown = ""
    for section in ("Library", "Models", "Reranking", "Answers", "Providers", "Monitoring", "Page"):
        assert section in [getattr(one, "content", one) for one in sections]
        at = settings(page, section)
        assert not at.exception
        shown += html(at)
    assert "A key: set it in the environment" in shown
    assert "It changes the index" in shown


def test_a_wrong_value_is_refused_in_words(page, library):
    before = library.settings
    at = settings(page, "Models")
    at.text_input(key="option_cross_encoder").input("/etc").run()
    assert "a model in a folder" in html(at)
    assert at.text_input(key="option_cross_encoder").value == before.cross_encoder
    assert library.settings == before


def test_what_the_environment_sets_is_shown_and_not_saved(page, library, monkeypatch):
    monkeypatch.setenv("RANKLENS_POOL", "33")
    library.settings = library.settings.updated(pool=33)
    at = settings(page, "Retrieval")
    assert "The environment sets it (RANKLENS_POOL)." in html(at)
    assert "option_pool" not in [one.key for one in at.number_input]


def test_a_visitor_from_elsewhere_reads_and_saves_nothing(page, library, monkeypatch):
    monkeypatch.setattr(ui.shared.state, "is_owner", lambda _library: False)
    at = settings(page, "Retrieval")
    assert "Read only" in html(at)
    assert at.number_input(key="option_pool").disabled
    at = settings(page)
    assert "llm_kind" not in [one.key for one in at.selectbox]
    assert str(library.settings.library.parent) not in html(settings(page, "Library"))


def test_a_visitors_choice_of_a_writer_holds_for_the_session(page, library, monkeypatch):
    library.settings = library.settings.updated(llm_model="own")
    monkeypatch.setattr(ui.shared.state, "is_owner", lambda _library: False)
    at = settings(page)
    at.selectbox(key="writer").select("").run()
    assert at.selectbox(key="writer").value == ""
    assert library.settings.llm_model == "own"
    assert settings(page).selectbox(key="writer").value == "(as set)"


def test_the_settings_file_is_named_without_its_folder(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "Settings file: none" in html(settings(page))
    (tmp_path / "ranklens.toml").write_text("pool = 7\n")
    shown = html(settings(page))
    assert "<b>ranklens.toml</b> (found in the working folder)" in shown
    assert str(tmp_path) not in shown
