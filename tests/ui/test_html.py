"""The macros that every page's templates share."""

from dataclasses import replace
from functools import partial

import pytest
from markupsafe import Markup

from rag.types import Chunk
from tests.ui.fakes import HOSTILE
from ui.shared.html import macro, render

CHUNK = Chunk("c1", f"{HOSTILE}.md", 0, len(HOSTILE), HOSTILE, None, (HOSTILE,))


@pytest.mark.parametrize(
    "html",
    [
        macro("opener")(CHUNK, below=True),
        macro("chip")(1, CHUNK),
        macro("notice")(HOSTILE, HOSTILE, "warn"),
        macro("empty")(HOSTILE, HOSTILE),
        macro("title")(HOSTILE, HOSTILE),
        macro("say")(HOSTILE),
        macro("tag")(HOSTILE),
        macro("verdict")(HOSTILE, "better"),
        macro("table")([HOSTILE, "n"], right=["n"], rows=[[HOSTILE, 1]]),
    ],
)
def test_text_from_outside_is_never_markup(html):
    assert isinstance(html, Markup)
    assert "<script" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize("name", ["notice", "empty", "say"])
def test_commands_stand_as_code_and_not_between_backticks(name):
    arguments = ["Nothing"] if name == "empty" else []
    html = macro(name)(*arguments, "Set `A=<b>` and run `ranklens reindex`, or a ` alone.")
    code = "Set <code>A=&lt;b&gt;</code> and run <code>ranklens reindex</code>, or a ` alone."
    assert code in html


def test_figures_of_a_table_are_at_the_right():
    html = macro("table")(
        ["Name", "Count"], right=["Count"], rows=[["a", 3], ["b", Markup("<b>4</b>")]]
    )
    assert '<th>Name</th><th class="right">Count</th>' in html
    assert '<tr><td>a</td><td class="right rl-num">3</td></tr>' in html
    assert "<b>4</b>" in html


def test_a_passage_is_opened_by_its_id_and_named_by_its_place():
    html = macro("opener")(Chunk("c2", "guide.pdf", 0, 4, "Text", 7, ()))
    assert 'data-passage="c2"' in html
    assert '<span class="stem"><span class="head">guide</span></span>' in html
    assert '<span class="spot page"> · page 7</span></span></button>' in html


@pytest.mark.parametrize(("dark", "scheme"), [(True, "dark"), (False, "light")])
def test_a_dialog_follows_the_pages_colours(dark, scheme):
    assert f"color-scheme: {scheme}" in render("shared/dialog.html", dark=dark)


def test_the_drawer_shows_what_a_model_wrote_about_a_chunk_as_text():
    drawer = partial(render, "shared/drawer.html", standings=(), fate="It was cited.")
    html = drawer(chunk=replace(CHUNK, context=f"About {HOSTILE}"))
    assert "Context that a language model wrote, for search only: About &lt;script&gt;" in html
    assert "language model" not in drawer(chunk=CHUNK)
