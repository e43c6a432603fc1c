"""Both pages over a real library of three small documents."""

import io

import pytest

import ui.shared.state
from rag.settings import Settings
from ranklens.library import Library
from tests.ui.test_ask import ask, html
from ui.library import uploads

TEXTS = {
    "tides.md": "# Tides\n\nThe Moon raises two tides a day.\n\n## Spring tides\n\nAt full and new "
    "moon the Sun helps, and the tide is highest.\n",
    "boats.txt": "A dinghy is a small open boat. It is rowed or sailed near the shore.\n",
    "knots.csv": "knot,use\nbowline,a loop that does not slip\nclove hitch,tying to a post\n",
}


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    settings = Settings(library=tmp_path_factory.mktemp("library"))
    with Library.open(settings) as library:
        for name, text in TEXTS.items():
            uploads.add(library, name, io.BytesIO(text.encode()))
        library.work()
        yield library


@pytest.fixture
def library(real, monkeypatch):
    monkeypatch.setattr(ui.shared.state, "_opened", lambda: real)
    return real


def test_a_question_is_answered_from_the_right_document(page):
    at = ask(page(), "When is the tide highest?")
    body = html(at)
    assert 'data-complete="true"' in body
    assert "At full and new moon" in body
    assert 'class="head">tides</span>' in body
    assert "late-interaction" in body


def test_every_reranker_that_can_run_can_be_chosen(page):
    at = ask(page(), "Which knot ties to a post?")
    for name in ("none", "late-interaction", "maxsim"):
        at.selectbox(key="reranker").select(name).run()
        assert "clove hitch" in html(at)
        assert "Unexpected error" not in html(at)


def test_the_library_lists_what_was_added(page):
    at = page("ui/library/page.py", document="knots.csv")
    table = at.dataframe[0].value
    assert table["Document"].tolist() == sorted(TEXTS)
    assert set(table["Status"]) == {"● ready"}
    assert "clove hitch" in html(at)
