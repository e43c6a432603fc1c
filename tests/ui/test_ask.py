"""The Ask page over the fake library."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

import ui.shared.state
from rag.errors import LibraryInUse, LibraryMismatch, RanklensError
from rag.types import Answer, Check, Citation, Hit
from tests.ui.fakes import ALL, HOSTILE, FakePipeline
from ui.headers import EARLY
from ui.shared.answer_text import rendered


def html(at):
    return "\n".join(str(element.proto.body) for element in at.get("html"))


def ask(at, text="How should batteries be kept?"):
    return at.chat_input(key="question").set_value(text).run()


def test_the_first_page_says_what_to_do(page):
    at = page()
    assert "Ask your documents" in html(at)
    assert "3 documents, 12 passages ready" in html(at)
    assert not at.exception


def test_an_empty_library_points_to_the_library_page(page, library):
    library.held = []
    at = page()
    assert "The library is empty" in html(at)
    assert not at.chat_input


def test_a_library_that_is_being_indexed_says_so(page, library):
    for document in library.held:
        document.status = "indexing"
    assert "being indexed" in html(page())


def test_an_answer_comes_with_its_sources_and_every_ranking(page):
    at = ask(page())
    body = html(at)
    assert not at.exception
    assert 'data-complete="true"' in body
    assert body.count('class="rl-cite"') == 2 + 5  # two in the text, one a source
    assert "2 of 5 passages cited" in body
    assert [tab.label for tab in at.tabs] == ["Before → after", "Scores", "Latency"]
    assert "10 of 10 passages moved. 2 entered" in body
    assert "cosine" in body
    assert "With the answer" in body
    marked = '<mark class="rl-word">Batteries</mark> keep best'
    sources, moved = body.split('class="rl-sources"')[1].split("</ul>", 1)
    assert marked in sources
    assert marked in moved.split('class="rl-slope"')[1]


def test_the_best_quote_stands_first_and_the_others_under_a_label():
    text = "Kept dry. [1] [2] Charged monthly. [1]\n\n- sold apart [3]"
    at = [(n, text.index(f"[{n}]", after)) for n, after in ((1, 0), (2, 0), (1, 30), (3, 0))]
    cited = tuple(Citation(n, ALL[n].id, start, start + 3) for n, start in at)
    check = Check(text.index("Charged"), text.index(" [1]\n"), "doubtful", "no passage says so")
    answer = Answer(text, cited, "extractive", False, 0.1, checks=(check,))
    given = [Hit(chunk, 1.0, n) for n, chunk in enumerate(ALL[:5], 1)]
    first, others = rendered(answer, given).split('<p class="rl-label">Also found</p>')
    assert "Kept dry." in first
    assert first.count("rl-cite") == 2
    assert others.count("rl-cite") == 2
    assert ">Charged monthly.</span>" in others
    assert "<li>sold apart" in others
    assert "Also found" not in rendered(replace(answer, generator="model"), given)
    assert "Also found" not in rendered(
        replace(answer, text=text[:16], citations=cited[:2], checks=()), given
    )


def test_another_reranker_runs_the_same_question_in_place(page, library):
    at = ask(page())
    at.selectbox(key="reranker").select("none").run()
    assert [s["reranker"] for s in library.pipeline.searched] == ["auto", "none"]
    assert "Nothing moved" in html(at)
    assert "How should batteries be kept?" in html(at)


def test_the_numbers_change_the_ranking_and_nothing_else_does(page, library):
    at = ask(page())
    at.slider(key="top").set_value(2).run()
    at.run()
    assert [s["top"] for s in library.pipeline.searched] == [5, 2]
    assert "2 of 2 passages cited" in html(at)


def test_a_reranker_that_fell_back_says_why(page, library):
    library.settings = library.settings.updated(reranker="cross-encoder")
    at = ask(page())
    assert "fell back" in html(at)
    assert "not on this machine" in html(at)


def test_a_weight_that_the_language_lowered_is_shown_with_the_ranking(page, monkeypatch):
    search = FakePipeline.search

    def noted(self, question):
        trace = search(self, question)
        note = "the encoder hardly knows Thai: dense weight 0.10"
        stages = (replace(s, note=note if s.name == "fused" else s.note) for s in trace.stages)
        return replace(trace, stages=tuple(stages))

    monkeypatch.setattr(FakePipeline, "search", noted)
    at = ask(page())
    sentence = "Fused: the encoder hardly knows Thai: dense weight 0.10."
    assert sentence in html(at.tabs[0])


def test_the_same_question_asked_again_runs_again(page, library):
    ask(ask(page()))
    assert len(library.pipeline.searched) == 2


def test_text_of_documents_and_questions_is_never_markup(page):
    at = ask(page(), HOSTILE)
    body = html(at)
    assert "&lt;script&gt;" in body
    own = f"<script>{EARLY.read_text('utf-8')}</script>"
    assert "<script" not in body.replace(own, "")
    assert "<img" not in body
    assert "<a " not in body
    assert not [m for m in at.markdown if "evil.example" in m.value]


def test_an_error_of_the_house_is_a_message(page, library, monkeypatch):
    def refuse(question):
        raise RanklensError("nothing could be <searched>")

    monkeypatch.setattr(type(library.pipeline), "search", lambda self, question: refuse(question))
    at = ask(page())
    assert "nothing could be &lt;searched&gt;" in html(at)
    assert not at.exception


@pytest.mark.parametrize(
    ("error", "headline"),
    [
        (LibraryInUse("process 42 owns it"), "open in another program"),
        (LibraryMismatch("indexed with x"), "indexed with other settings"),
    ],
)
def test_a_library_that_cannot_be_opened_is_explained(monkeypatch, error, headline):
    def refuse():
        raise error

    monkeypatch.setattr(ui.shared.state, "_opened", refuse)
    at = AppTest.from_file("../../app.py", default_timeout=30).run()
    assert headline in html(at)
    assert str(error) in html(at)
    assert not at.exception
    assert at.button[-1].label == "Try again"
    assert len(at.button) == 1 + isinstance(error, LibraryMismatch)


def test_what_nobody_foresaw_is_no_stack_trace(page, library, monkeypatch):
    monkeypatch.setattr(library, "documents", lambda: 1 / 0)
    at = page()
    assert "Unexpected error" in html(at)
    assert "ZeroDivisionError" not in html(at)
    assert not at.exception
