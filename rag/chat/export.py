"""A conversation as Markdown: questions, answers with their citations, and the cited sources."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.chat.store import Conversation, Turn
from rag.text.quoting import as_it_reads
from rag.types import Answer, Chunk, Citation, Hit

_SIGNS = re.compile(r"([\\`*_{}\[\]<>#|~$!@]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
_ITEM = re.compile(r"^(\s*)([-*•]|\d+\.)\s+")


def markdown(conversation: Conversation, turns: Sequence[Turn]) -> str:
    """Return the conversation; each answer's citations point to the sources listed below it.

    Text from documents and models is escaped: it shows what it says, and makes no link, picture
    or HTML.
    """
    lines = [f"# {literal(conversation.title)}", ""]
    for turn in turns:
        lines += [f"## {literal(turn.question)}", ""]
        if turn.trace.question != turn.trace.asked:
            lines += [f"Searched as: {literal(turn.trace.question)}", ""]
        lines += _answer(turn)
    return "\n".join(lines).rstrip() + "\n"


def _answer(turn: Turn) -> list[str]:
    answer = turn.trace.answer
    if answer is None:
        return ["The answer was interrupted.", ""]
    written = f"{answer.generator}, {turn.asked:%Y-%m-%d %H:%M} UTC"
    lines = [_text(answer), "", f"Answered by {literal(written)}", ""]
    if answer.error:
        lines += [f"Note: {literal(answer.error)}", ""]
    return lines + _sources(answer, turn.trace.evidence)


def _text(answer: Answer) -> str:
    """Return the answer, its words escaped and its markers as they are."""
    parts, at = [], 0
    for citation in answer.citations:
        parts += [_words(answer.text[at : citation.start]), f"[{citation.number}]"]
        at = citation.end
    return "".join([*parts, _words(answer.text[at:])])


def _words(text: str) -> str:
    return "\n".join(_line(line) for line in text.split("\n"))


def _line(line: str) -> str:
    item = _ITEM.match(line)
    return (f"{item[1]}- " if item else "") + literal(line[item.end() :] if item else line)


def _sources(answer: Answer, hits: Sequence[Hit]) -> list[str]:
    cited = {citation.number: citation for citation in reversed(answer.citations)}
    lines = []
    for number in sorted(cited):
        if number <= len(hits):
            chunk = hits[number - 1].chunk
            lines += [f"- [{number}] {_place(chunk)}: {literal(_quote(cited[number], chunk))}"]
    return ["Sources:", "", *lines, ""] if lines else []


def _place(chunk: Chunk) -> str:
    page = [] if chunk.page is None else [f"page {chunk.page}"]
    return ", ".join(literal(part) for part in (chunk.document, *page, *chunk.heading))


def _quote(citation: Citation, chunk: Chunk) -> str:
    text = chunk.text
    if citation.quote_start is not None and citation.quote_end is not None:
        text = text[citation.quote_start : citation.quote_end]
    words = " ".join(text.split())
    return f"“{words if len(words) <= 300 else words[:299].rstrip() + '…'}”"


def literal(text: str) -> str:
    """Return text as Markdown that shows it as it is; addresses make no links."""
    return _SIGNS.sub(r"\\\1", as_it_reads(text))
