"""Settings that meet a real library and a real model: other ones than before, keys from secrets."""

import re
import shutil

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import serving
from tests.browser.test_chat import FIRST, answers, ask, folder  # noqa: F401 - a fixture
from tests.browser.test_measure import settled
from tests.servers.openai_server import OpenAIServer


def base_url(page):
    """The field for an address; the one of another provider stays, disabled, until the run ends."""
    return page.locator("input[aria-label='Base URL']:enabled")


def test_other_settings_index_the_library_again(folder, tmp_path, visit, shot):  # noqa: F811
    own = shutil.copytree(folder, tmp_path / "library")
    options = {"RANKLENS_LIBRARY": str(own), "RANKLENS_CHUNK_TOKENS": "90"}
    with serving("streamlit", "run", "app.py", **options) as address:
        page = visit(address)
        page.get_by_text("chunk_tokens is 200 there and 90 here").wait_for()
        shot(page, "other-settings")
        page.get_by_role("button", name="Index all documents again").click()
        page.get_by_text("2 documents").wait_for(timeout=90_000)  # without a click
        ask(page, FIRST)
        (told,) = answers(page, 1)
        assert "the tide is highest" in told


@pytest.mark.parametrize("right", [True, False], ids=["right key", "wrong key"])
def test_a_key_from_streamlits_secrets_reaches_the_model(visit, tmp_path, folder, right):  # noqa: F811
    with OpenAIServer() as model:
        secrets = tmp_path / "secrets.toml"
        key = model.key if right else "sk-wrong-0123456789"
        secrets.write_text(
            f'RANKLENS_LLM_API_KEY = "{key}"\nRANKLENS_LLM_MODEL = "fake"\n'
            f'RANKLENS_LLM_BASE_URL = "{model.url}"\n'
        )
        program = ("streamlit", "run", "app.py", f"--secrets.files={secrets}")
        with serving(*program, RANKLENS_LIBRARY=str(folder)) as address:
            page = visit(address)
            ask(page, FIRST)
            (told,) = answers(page, 1)
            if right:
                assert "The passages say so" in told
                assert model.requests[0].headers["authorization"] == f"Bearer {model.key}"
            else:
                page.get_by_text("refused the key").first.wait_for()
                page.locator(".rl-sources li").first.wait_for()  # the evidence is there
            assert "0123456789" not in page.locator("body").inner_text()


def test_a_connection_survives_reload_second_tab_and_restart(visit, tmp_path, folder, shot):  # noqa: F811
    own = shutil.copytree(folder, tmp_path / "library")
    program = ("streamlit", "run", "app.py")
    with OpenAIServer() as model:
        with serving(*program, RANKLENS_LIBRARY=str(own)) as address:
            page = visit(f"{address}/settings")
            page.get_by_role("combobox", name="Provider").click()
            page.get_by_role("option", name="Another address").click()
            base_url(page).fill(model.url)
            base_url(page).press("Enter")
            settled(page)  # each address has a field of its own for its key
            page.get_by_label("Key", exact=True).fill(model.key)
            page.get_by_label("Key", exact=True).press("Enter")
            settled(page)  # the page runs with the key
            page.get_by_role("button", name="Test the connection").click()
            page.get_by_text("Connected").wait_for()
            page.get_by_label("Name of the connection").fill("Mine")
            page.get_by_label("Name of the connection").press("Enter")
            page.get_by_role("button", name="Save and use").click()
            page.get_by_text("in use").wait_for()
            assert model.key not in page.content()
            shot(page, "settings-connections")
            page.goto(address)
            writer = page.get_by_role("combobox", name="Who writes the answers")
            expect(writer).to_have_value(re.compile("Mine: "))
            page.reload()
            expect(writer).to_have_value(re.compile("Mine: "))
            other = visit(address)
            expect(other.get_by_role("combobox", name="Who writes the answers")).to_have_value(
                re.compile("Mine: ")
            )
            page.goto(f"{address}/settings?section=Retrieval")
            page.get_by_label("pool", exact=True).fill("70")
            page.get_by_label("pool", exact=True).press("Enter")
            page.get_by_text("saved here").wait_for()
            shot(page, "settings-retrieval")
        with serving(*program, RANKLENS_LIBRARY=str(own)) as address:
            page = visit(address)
            ask(page, FIRST)
            (written,) = answers(page, 1)
            assert "The passages say so" in written
            assert model.requests[-1].headers["authorization"] == f"Bearer {model.key}"
            page.goto(f"{address}/settings?section=Retrieval")
            expect(page.get_by_label("pool", exact=True)).to_have_value("70")
