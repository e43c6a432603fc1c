"""A conversation as Markdown: tables stay tables, and text makes nothing else."""

from datetime import UTC, datetime

from rag.chat.export import markdown
from rag.chat.store import Conversation, Turn
from rag.types import Answer, Chunk, Citation, Stage, Trace, ranked

TABLE = (
    "Sales | <b>x</b> |\n\n| Year | Sales *m* |\n|---|:--:|\n| 2020 | 5 [1] |\n| a \\| b | `c` |"
)


def exported(text):
    at = text.index("[1]")
    chunk = Chunk("c", "a|b.md", 0, 9, "Sales: 5 m")
    answer = Answer(text, (Citation(1, "c", at, at + 3),), "model", False, 0.0)
    trace = Trace("q", {"top": 1}, (Stage("reranked", ranked([(chunk, 1.0)]), 0.0),), answer)
    now = datetime.now(UTC)
    return markdown(Conversation("k", "t", 1, None, now, False), [Turn(1, "k", 0, "q", trace, now)])


def test_the_bars_of_tables_are_not_escaped_and_others_are():
    text = exported(TABLE)
    assert "| Year | Sales \\*m\\* |\n|---|:--:|\n| 2020 | 5 [1] |" in text
    assert r"| a \| b | \`c\` |" in text
    assert r"Sales \| \<b\>x\</b\> \|" in text
    assert r"- [1] a\|b.md: “Sales: 5 m”" in text
