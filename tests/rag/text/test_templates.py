from pathlib import Path

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from rag.text.templates import Templates


@pytest.fixture
def templates(tmp_path: Path) -> Templates:
    (tmp_path / "one.html").write_text(
        '<b title="{{ text }}">{{ text }}</b> {{ n|plural("chunk") }}'
    )
    return Templates(tmp_path)


def test_text_is_escaped_in_content_and_in_attributes(templates: Templates):
    found = templates.render("one.html", text='<i>"', n=1)
    assert found == '<b title="&lt;i&gt;&#34;">&lt;i&gt;&#34;</b> 1 chunk'


def test_markup_stays_as_it_is(templates: Templates):
    assert ">&lt;<" in templates.render("one.html", text=Markup("&lt;"), n=2)


def test_characters_that_turn_text_round_are_removed(templates: Templates):
    assert "\u202e" not in templates.render("one.html", text="a\u202eb", n=2)


def test_a_missing_value_is_an_error(templates: Templates):
    with pytest.raises(UndefinedError):
        templates.render("one.html", n=2)


def test_filters_and_macros_of_the_caller(tmp_path: Path):
    macro = "{% macro loud(text) %}<b>{{ text|upper_case }}</b>{% endmacro %}"
    (tmp_path / "two.html").write_text(macro)
    loud = Templates(tmp_path, upper_case=str.upper).macro("two.html", "loud")
    assert loud("a<") == "<b>A&lt;</b>"
