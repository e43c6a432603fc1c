"""A library in which every text that somebody else can write is a payload."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rag import trace as traces
from rag.evaluate.data import Question
from rag.evaluate.judgements.record import Judgement
from rag.evaluate.judgements.votes import Vote, VotedPipeline
from rag.evaluate.reports import report
from rag.settings import Settings
from rag.types import Answer, Check, Citation, Rewriting, Trace
from ranklens import comparing, conversing, evaluations, judged_sets, judging, measuring, voting
from ranklens.library import Library

PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=http://evil.example/2.png onerror=alert(2)>",
    "\"><svg onload=alert(3)>",
    "' autofocus onfocus=alert(4) x='",
    "</style></title></textarea><script>alert(5)</script>",
    "![p](http://evil.example/6.png)",
    "[click](javascript:alert(7)) <http://evil.example/7>",
    "<iframe srcdoc='<script>parent.alert(8)</script>'></iframe>",
    "<style>@import 'http://evil.example/9.css';*{background:url(http://evil.example/9)}</style>",
    "<a href=javascript:alert(10)>x</a>",
    "$\\href{javascript:alert(11)}{x}$ :material/bolt: :red[x]",
    "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=1 onerror=alert(12)>'>",
    "<form action=http://evil.example/13><button formaction=javascript:alert(13)>x</button></form>",
    "<link rel=stylesheet href=http://evil.example/14.css><meta http-equiv=refresh "
    "content='0;url=http://evil.example/14'><base href=http://evil.example/>",
    "{{ 7*7 }}{% raw %}<details open ontoggle=alert(15)>",
    "=HYPERLINK(\"http://evil.example/16\",\"x\")",
)  # fmt: skip
ALL = " ".join(PAYLOADS)


def build(folder: Path) -> dict[str, str]:
    """Make the library; return what it exports (by file name), and the chat's key as ``chat``."""
    with Library.open(Settings(library=folder)) as library:
        _documents(library, folder.parent / "source")
        chat = _chat(library)
        _judged(library)
        comparing.save_pipeline(library, PAYLOADS[0], "pool=5,reranker=late-interaction")
        return {"chat": chat, **_exports(library, chat)}


def _documents(library: Library, source: Path) -> None:
    for number, payload in enumerate(PAYLOADS):
        source.write_text(
            f"# Comet {payload}\n\nThe comet number {number} is bright. {payload} It returns [1].\n"
            f"\n| comet | {payload.replace('|', '')} |\n|--|--|\n| {number} | x |\n",
            "utf-8",
        )
        library.enqueue(source, f"{number} {payload}.md")
    source.write_bytes(b"%PDF-1.4 broken")
    library.enqueue(source, f"{PAYLOADS[1]}.pdf")
    library.work()


def _chat(library: Library) -> str:
    """Keep a conversation: a turn with each payload, the last one with all of them."""
    chat = library.conversations.start(ALL)
    for payload in (*PAYLOADS, ALL):
        found = library.search(f"Which comet is bright? {payload}", reranker="none", top=5)
        turn = library.conversations.add(chat, found.question, _marked(found, payload))
        library.conversations.complete(turn.id, _marked(found, payload))
        library.conversations.judge(turn.id, payload == ALL)
    return chat


def _marked(found: Trace, payload: str) -> Trace:
    """Return a trace in which reranker, model and checks wrote the payload."""
    first = found.evidence[0].chunk
    text = f"{payload} [1] {payload}"
    at = len(payload) + 1
    answer = Answer(
        text, (Citation(1, first.id, at, at + 3, 0, 9),), f"openai:{payload}", False, 0.1,
        error=payload, thinking=payload, prompt=payload, relevance=0.5,
        checks=(Check(0, at, "doubtful", payload, payload),),
    )  # fmt: skip
    *before, last = found.stages
    last = replace(last, note=payload, fell_back=True, reranker=payload)
    rewriting = Rewriting(payload, "model", 0.1, payload)
    return replace(found, stages=(*before, last), answer=answer, rewriting=rewriting)


def _judged(library: Library) -> None:
    """Keep question sets, judges, proposals and votes of all payloads."""
    asked = [f"Comet? {payload}" for payload in PAYLOADS]
    questions = [Question(f"{number} {text}", text) for number, text in enumerate(asked)]
    for payload in (*PAYLOADS[1:], PAYLOADS[0]):
        library.question_sets.put(payload, questions)
    held = [d for d in library.documents() if d.status == "ready"]
    for document, payload, text in zip(held, PAYLOADS, asked, strict=True):
        chunk = library.chunks(document.name)[0]
        library.judge(text, chunk, 3, judge=payload, note=payload)
        library.judge(text, chunk, 2, judge="me", note=payload)
        proposed = Judgement(
            text, document.name, document.digest, chunk.start, chunk.end, chunk.text, 2, payload,
            source="llm", note=payload,
        )  # fmt: skip
        library.judgements.add([proposed])
        sides = (VotedPipeline(payload, "a" * 16, (chunk.id,)), VotedPipeline("none", "b" * 16))
        library.votes.add(Vote(text, "rankings", *sides, "left", payload))


def _exports(library: Library, chat: str) -> dict[str, str]:
    judged = judged_sets.question_set(library, PAYLOADS[0])
    pipelines = comparing.resolve(library.settings, ["none", PAYLOADS[0]], owner=True)
    evaluation = measuring.measure(judged, pipelines)
    evaluations.keep(library, evaluation)
    conversation = library.conversations.get(chat)
    assert conversation is not None
    questions = library.question_sets.questions(PAYLOADS[0])
    return {
        "report.html": report.html(measuring.figures_of(evaluation)),
        "trace.json": traces.to_json(library.conversations.turns(chat)[-1].trace),
        "chat.md": conversing.as_markdown(library, conversation),
        "votes.csv": voting.export_votes(library),
        "judgements.csv": judging.export_judgements(library, Path("judgements.csv"), questions),
    }
