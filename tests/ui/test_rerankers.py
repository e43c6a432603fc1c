"""Rerankers and models on the page: what can be chosen, what is grey and why, what one did."""

from importlib.metadata import PackageNotFoundError

import pytest

from rag.models.download import Progress
from rag.types import Stage
from ranklens.models import RECOMMENDED, Availability
from ranklens.speeds import ModelSpeed
from tests.ui.test_ask import ask, html
from ui.ask import controls, rerankers
from ui.shared.html import macro

FOUND = [Availability("plain", "Keeps it.", ""), Availability("dear", "Dear.", "no <key>; set KEY")]


def test_only_what_can_run_is_offered_and_what_the_settings_ask_for():
    assert rerankers.choices(FOUND, "auto") == ["auto", "plain"]
    assert rerankers.choices(FOUND, "dear") == ["auto", "plain", "dear"]


def test_what_cannot_run_is_grey_and_says_what_to_do():
    drawn = macro("runners")(FOUND[1:])
    assert 'class="idle"' in drawn
    assert "no &lt;key&gt;; set KEY" in drawn


def test_what_a_reranker_did_in_facts():
    details = {
        "pairs": 50,
        "cache_hits": 12,
        "cost_usd": 0.002,
        "tokens_read": 412,
        "tokens_total": 530,
    }
    facts = dict(rerankers.facts_of(Stage("reranked", (), 1.5, reranker="cohere", details=details)))
    assert facts == {
        "Reranker": "cohere",
        "time": "1.50 s",
        "pairs scored": "50",
        "from the cache": "12",
        "cost": "$0.0020",
        "of the passages": "the reranker read 412 of 530 tokens",
    }


def test_facts_that_do_not_apply_are_left_out():
    facts = dict(rerankers.facts_of(Stage("reranked", (), 0.0, reranker="none")))
    assert facts == {"Reranker": "none", "time": "0.0 ms", "pairs scored": "0"}


def test_the_page_says_what_ran(page):
    body = html(ask(page(), "When is service due?"))
    assert "pairs scored" in body


def test_the_page_offers_expansion_and_hops(page, library):
    at = ask(page(), "When is service due?")
    at.multiselect(key="expansion").select("feedback").run()
    at.toggle(key="hops").set_value(True).run()
    last = library.pipeline.searched[-1]
    assert (last["expansion"], last["hops"]) == ("feedback", 2)


def test_what_is_on_is_said():
    set_to = {"pool": 50, "top": 5, "dense_weight": 1.0, "lexical_weight": 0.5}
    plain = controls.summary(set_to | {"expansion": "none", "hops": 1})
    assert plain == "pool 50 · top 5 · dense 1 : BM25 0.5"
    widened = controls.summary(set_to | {"expansion": "feedback", "hops": 2})
    assert widened == f"{plain} · with feedback · two hops"


def test_the_models_page_lists_them_with_buttons(page):
    at = page("ui/models/page.py")
    assert not at.exception
    body = html(at)
    assert "all-MiniLM-L6-v2" in body
    assert "BAAI/bge-reranker-base" in body
    assert any(button.key == "get BAAI/bge-reranker-base" for button in at.button)
    assert "CO_API_KEY" in body


def test_the_models_page_begins_with_what_is_here(page, monkeypatch):
    speed = ModelSpeed(500, 5.0, "int8", 2, 0.0)
    monkeypatch.setattr("ranklens.speeds.kept", lambda _settings: {"all-MiniLM-L6-v2": speed})
    body = html(page("ui/models/page.py"))
    here, recommended = body.index("On this machine"), body.index("Recommended")
    assert here < body.index("100 passages a second, 50 in 0.5 s") < recommended
    for one in RECOMMENDED:
        assert one.purpose in body[recommended:]
        assert one.figure in body[recommended:]
    assert 'href="https://huggingface.co/blog/ettin-reranker"' in body
    assert body.index("BAAI/bge-reranker-base") > body.index(RECOMMENDED[-1].purpose)


def test_speeds_are_measured_in_the_background(page, library, monkeypatch):
    measured = []
    monkeypatch.setattr(
        "ranklens.speeds.measure", lambda settings, name, stop: measured.append(name)
    )
    at = page("ui/models/page.py")
    at.button(key="measure_speeds").click().run()
    assert not at.exception
    library.jobs.last("speed").thread.join(5)
    assert "all-MiniLM-L6-v2" in measured


def test_the_toolbar_lists_nothing_that_cannot_run(page):
    body = html(page())
    assert "CO_API_KEY" not in body
    assert "not set up" not in body


def test_a_model_of_a_package_shows_the_line_that_installs_it(page, monkeypatch):
    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("rag.models.hub.distribution", missing)
    at = page("ui/models/page.py")
    assert [code.value for code in at.code] == ["pip install 'ranklens[multilingual]'"]
    assert not any(button.key == "get multilingual-e5-small-q4" for button in at.button)


@pytest.mark.parametrize(("offline", "said"), [("1", "HF_HUB_OFFLINE is set"), ("", "")])
def test_nothing_is_offered_to_download_while_the_hub_is_off(page, monkeypatch, offline, said):
    monkeypatch.setenv("HF_HUB_OFFLINE", offline)
    button = page("ui/models/page.py").button(key="get BAAI/bge-reranker-base")
    assert button.disabled is bool(offline)
    assert said in button.help


class Stuck:
    """A download that stands still."""

    name = "BAAI/bge-reranker-base"
    running = True
    error = ""
    progress = Progress(25_000_000, 100_000_000, "model.safetensors")

    def cancel(self):
        self.running, self.error = False, "it was stopped"


@pytest.fixture
def stuck(monkeypatch):
    last = Stuck()
    monkeypatch.setattr("ranklens.models._downloads", {last.name: last})
    return last


def test_a_download_shows_its_bytes_and_can_be_stopped(page, stuck):
    at = page("ui/models/page.py")
    assert "25 MB of 100 MB · model.safetensors" in html(at)
    at.button(key=f"stop {stuck.name}").click().run()
    assert "it was stopped" in html(at)
