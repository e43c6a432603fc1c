"""A conversation as Markdown: questions, answers with their citations, and the cited sources."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rag.chat.store import Conversation, Turn
from rag.text import tables
from rag.text.quoting import as_it_reads
from rag.types import Answer, Chunk, Citation, Hit

_SIGNS = re.compile(r"([\\`*_{}\[\]<>#|~$!@]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
_BOLD = re.compile(r"\*\*(?=\S)([^\n*]*[^\s*])\*\*")
_BAR = re.compile(r"(\\\\)?\\\|")  # as `literal` writes it, and what was "\|" before
_ITEM = re.compile(r"^(\s*)([-*•]|\d+\.)\s+")


def markdown(conversation: Conversation, turns: Sequence[Turn]) -> str:
    """Return the conversation; each answer's citations point to the sources listed below it.

    Text from documents and models is escaped: it is shown literally, and makes no link, picture
    or HTML.
    """
    parts = [part for turn in turns for part in _turn(turn)]
    return "\n\n".join([f"# {literal(conversation.title)}", *parts]) + "\n"


def _turn(turn: Turn) -> Iterator[str]:
    trace, answer = turn.trace, turn.trace.answer
    yield f"## {literal(turn.question)}"
    if trace.question != trace.asked:
        yield f"Searched as: {literal(trace.question)}"
    if answer is None:
        yield "The answer was interrupted."
        return
    yield _text(answer)
    yield f"Answered by {literal(f'{answer.generator}, {turn.asked:%Y-%m-%d %H:%M} UTC')}"
    if answer.error:
        yield f"Note: {literal(answer.error)}"
    if sources := _sources(answer, trace.given):
        yield f"Sources:\n\n{sources}"


def _text(answer: Answer) -> str:
    """Return the answer, its words escaped, its markers and the bars of its tables as they are."""
    parts, at = [], 0
    for citation in answer.citations:
        parts += [_words(answer.text[at : citation.start]), f"[{citation.number}]"]
        at = citation.end
    escaped = "".join([*parts, _words(answer.text[at:])]).split("\n")
    rows = tables.rows(answer.text.split("\n"))
    return "\n".join(
        _BAR.sub(_bar, line) if place in rows else line for place, line in enumerate(escaped)
    )


def _bar(escaped: re.Match[str]) -> str:
    """Return a bar between cells; one that the model itself escaped is part of a cell."""
    return r"\|" if escaped[1] else "|"


def _words(text: str) -> str:
    """Return text with its signs escaped; items of lists stay items, what is bold stays bold."""
    lines = []
    for line in text.split("\n"):
        item = _ITEM.match(line)
        lines.append(f"{item[1]}- {_bold(line[item.end() :])}" if item else _bold(line))
    return "\n".join(lines)


def _bold(line: str) -> str:
    pieces = _BOLD.split(line)  # what is bold is every second one
    return "".join(
        f"**{literal(piece)}**" if place % 2 else literal(piece)
        for place, piece in enumerate(pieces)
    )


def _sources(answer: Answer, hits: Sequence[Hit]) -> str:
    cited = {citation.number: citation for citation in reversed(answer.citations)}
    lines = []
    for number in sorted(number for number in cited if number <= len(hits)):
        chunk = hits[number - 1].chunk
        lines.append(f"- [{number}] {_place(chunk)}: {literal(_quote(cited[number], chunk))}")
    return "\n".join(lines)


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
