from __future__ import annotations

import json
from dataclasses import replace

import pytest

from rag.retrieve.filters import EVERYTHING
from rag.settings import Settings
from rag.trace import from_json
from tests.ui.cli.conftest import Run
from tests.ui.cli.fakes import FakeDocument, FakeLibrary, fake_trace
from ui.cli.show import trace_summary


@pytest.fixture
def filled(fake: FakeLibrary) -> FakeLibrary:
    fake.held = [FakeDocument("sun.txt")]
    return fake


def test_ask_shows_answer_passages_and_times(run: Run, filled: FakeLibrary):
    ran = run("ask", "what shines?")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "It shines [1].",
        "",
        "rank\tbefore\tmove\tscore\tdocument\tpage\tpassage",
        "[1]\t3\t▲2\t0.8000\tsun.txt\t\tThe Sun shines.",
        "[2]\t1\t▼1\t0.7000\tmoon.pdf\t2\tThe Moon is round.",
        "[3]\t2\t▼1\t0.1000\tmars.md\t\tMars is red.",
        "",
        "dense 12 ms · lexical 1 ms · fused 0 ms · reranked 1.5 s · retrieval 1.5 s"
        " · answer 250 ms (fake)",
    ]
    assert filled.closed


def test_ask_json_is_the_whole_trace_and_nothing_else(run: Run, filled: FakeLibrary):
    ran = run("ask", "what shines?", "--json")
    trace = from_json(ran.out)
    assert [stage.name for stage in trace.stages] == ["dense", "lexical", "fused", "reranked"]
    assert trace.answer is not None
    assert trace.answer.text == "It shines [1]."
    assert json.loads(ran.out)["question"] == "what shines?"


def test_search_writes_no_answer(run: Run, filled: FakeLibrary):
    ran = run("search", "what shines?", "--top", 1)
    assert "It shines" not in ran.out
    assert ran.out.count("[") == 1
    assert json.loads(run("search", "what?", "--json").out)["answer"] is None


def test_options_reach_the_settings(run: Run, filled: FakeLibrary, tmp_path):
    run("ask", "what?", "--reranker", "none", "--pool", 7, "--top", 2, "--library", "elsewhere")
    settings = filled.settings
    assert (settings.reranker, settings.pool, settings.top) == ("none", 7, 2)
    assert settings.library == tmp_path / "elsewhere"


def test_the_library_may_be_named_before_the_command(run: Run, filled: FakeLibrary, tmp_path):
    run("--library", "there", "ask", "what?")
    assert filled.settings.library == tmp_path / "there"


def test_a_fallback_is_done_and_noted(run: Run, filled: FakeLibrary):
    ran = run("ask", "what?", "--reranker", "slow")
    assert ran.code == 0
    assert ran.out.splitlines()[-1] == "note: reranked: the reranker had no time"


def test_a_weight_that_the_language_lowered_is_noted(capsys: pytest.CaptureFixture[str]):
    trace = fake_trace("what?", Settings(), EVERYTHING)
    note = "the encoder hardly knows Thai: dense weight 0.10"
    stages = [replace(s, note=note if s.name == "fused" else s.note) for s in trace.stages]
    trace_summary(replace(trace, stages=tuple(stages)))
    assert capsys.readouterr().out.splitlines()[-1] == f"note: fused: {note}"


def test_an_answer_that_broke_off_is_shown_and_fails(run: Run, filled: FakeLibrary):
    filled.answer_error = "the endpoint broke off"
    ran = run("ask", "what?")
    assert ran.code == 1
    assert "It shines" in ran.out
    assert ran.err == "ranklens: the endpoint broke off\n"


def test_nothing_to_ask_of(run: Run, fake: FakeLibrary):
    fake.held = [FakeDocument("a.md", "failed")]
    ran = run("ask", "what?")
    assert ran.code == 1
    assert "ranklens ingest" in ran.err
    assert fake.closed


@pytest.mark.parametrize(
    "arguments",
    [
        ("ask",),
        ("ask", "  "),
        ("ask", "what?", "--pool", "many"),
        ("ask", "what?", "--pool", "0"),
        ("ask", "what?", "--colour", "red"),
        ("answer", "what?"),
    ],
)
def test_wrong_usage_is_2_and_names_the_fault(run: Run, filled: FakeLibrary, arguments):
    ran = run(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "Traceback" not in ran.err
    assert ran.err.strip()


def test_documents_can_be_chosen(run: Run, filled: FakeLibrary):
    filled.held += [FakeDocument("moon.pdf"), FakeDocument("mars.md"), FakeDocument("x", "failed")]
    ran = run("search", "what?", "--in", "moon", "--in", "sun", "--type", "PDF")
    assert ran.code == 0
    assert "within: moon.pdf, sun.txt, type pdf" in ran.out.splitlines()
    within = json.loads(run("ask", "what?", "--since", "2026-02-03", "--json").out)["settings"]
    assert within["within"] == {"documents": [], "types": [], "since": "2026-02-03"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--in", "venus"), "no document 'venus'"),
        (("--in", "m"), "fits 'moon.pdf', 'mars.md'"),
        (("--type", "xls"), "there are md, pdf, txt"),
    ],
)
def test_a_document_that_is_not_there_is_said(run: Run, filled: FakeLibrary, arguments, words):
    filled.held += [FakeDocument("moon.pdf"), FakeDocument("mars.md")]
    ran = run("search", "what?", *arguments)
    assert ran.code == 1
    assert words in ran.err
    assert run("ask", "what?", "--since", "yesterday").code == 2


def test_questions_are_logged_with_their_origin(run: Run, filled: FakeLibrary):
    assert run("ask", "what shines?").code == 0
    assert run("search", "what is red?").code == 0
    logged = filled.question_log.entries()
    assert [(one.question, one.origin) for one in logged] == [
        ("what shines?", "command line"),
        ("what is red?", "command line"),
    ]
    assert [one.answering for one in logged] == [0.25, None]
