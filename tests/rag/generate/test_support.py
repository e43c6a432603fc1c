"""Sentences that cite nothing, and citations that do not hold what is said."""

from dataclasses import replace

import numpy as np
import pytest

from rag.errors import GenerationError
from rag.generate.check import judged
from rag.generate.citations import CitationParser
from rag.generate.support import (
    AnswerSentence,
    checked,
    likeness,
    missing_names,
    missing_numbers,
    sentences,
    verbatim,
)
from rag.llm.client import LanguageModel
from rag.types import Answer, Chunk, Hit
from tests.fakes import WordEncoder
from tests.servers.openai_server import Reply
from tests.servers.providers import SERVERS, settings_for

# Cohere's client warns about its own use of pydantic when it is first imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:cohere.*")
providers = pytest.mark.parametrize("provider", SERVERS)

MARS = "The probe reached Mars orbit in 2014. It weighed 1,337 kg and had two dishes."
MOON = "The moon raises the tide."
HITS = tuple(
    Hit(Chunk(f"c{n}", "d.txt", 0, len(text), text), n, 1.0)
    for n, text in enumerate((MARS, MOON), 1)
)


def answer(text, generator="openai:m", refused=False):
    parser = CitationParser(HITS)
    told = parser.feed(text) + parser.finish()
    return Answer(told, tuple(parser.citations), generator, refused, 0.1)


def checks(text, **changes):
    told = replace(answer(text), **changes)
    return checked(told, "Which probe?", HITS, WordEncoder(), None).checks


def test_a_sound_answer_has_no_checks():
    assert checks("The probe was in Mars orbit in 2014 [1]. The moon makes the tide [2].") == ()


def test_a_sentence_that_cites_nothing_is_marked():
    text = "The moon makes the tide [2]. The probe is out of use."
    (check,) = checks(text)
    assert check.verdict == "uncited"
    assert text[check.start : check.end] == "The probe is out of use."


@pytest.mark.parametrize(
    "text",
    ["Here is what I found:", "## Tide and moon now", "Is the moon red?", "Yes.", ""],
)
def test_what_states_nothing_needs_no_citation(text):
    assert checks(text) == ()


@pytest.mark.parametrize("end", ["\n```\n\nThe probe is out of use.", ""])
def test_code_needs_no_citation(end):
    told = checks(
        "The moon makes the tide [2].\n\n```py\ntide = moon[1] + sun[2] * 3\nx = y z" + end
    )
    assert [check.why for check in told] == ["“The probe is out of use.” names no passage"][
        : bool(end)
    ]


@pytest.mark.parametrize("generator", ["extractive"])
def test_quotations_and_refusals_are_not_checked(generator):
    assert checks("The probe is out of use.", generator=generator) == ()
    assert checks("The probe is out of use.", refused=True) == ()


def test_a_marker_behind_the_full_stop_belongs_to_the_sentence_before_it():
    told = sentences(answer("The moon makes the tide. [2] The probe is in orbit. [1]"), HITS)
    assert [[c.id for c in one.cited] for one in told] == [["c2"], ["c1"]]
    assert told[1].text == "The probe is in orbit."


def test_a_number_that_the_passage_does_not_hold_is_flagged():
    (check,) = checks("The probe reached Mars orbit in 2015 [1].")
    assert check.verdict == "doubtful"
    assert "number 2015" in check.why
    assert "by words" in check.by


def test_a_name_that_the_passage_does_not_hold_is_flagged():
    (check,) = checks("The moon of Jupiter raises the tide [2].")
    assert "does not name Jupiter" in check.why


def test_a_citation_of_another_matter_is_flagged():
    (check,) = checks("Ring comet ring comet [2].")
    assert "likeness" in check.why


class Unlike:
    """An encoder to which no token is like any other, as short sentences are to a real one."""

    def encode_tokens(self, texts):
        return [np.eye(len(texts), dtype=np.float32)[[n]] for n in range(len(texts))]


@pytest.mark.parametrize(
    "text",
    [
        "The moon raises the tide [2].",
        "- **The moon raises the tide.** [2]",
        "“The moon raises the tide.” [2]",
        '> "The Moon  raises the tide" [2]',
        "The passage says: “The moon raises the tide.” [2]",
        "The moon — the tide [2]",
        "- The probe reached Mars orbit in 2014.\n- It weighed 1,337 kg and had two dishes. [1]",
    ],
)
def test_what_stands_there_word_for_word_is_never_marked(text):
    told = checked(answer(text), "Which probe?", HITS, Unlike(), None)
    assert told.checks == ()


@pytest.mark.parametrize(
    "text",
    [
        "The moon lowers the tide [2].",
        "It is wrong, as many people say now, that there is “the tide” [2].",
        "The tide raises the moon [2].",
        "The moon raises the tides — the moon falls [2]",
        "- The moon raises the tide.\n- It weighed 1,337 kg and had two dishes. [1]",
    ],
)
def test_what_does_not_stand_there_word_for_word_is_looked_at(text):
    assert len(checked(answer(text), "", HITS, Unlike(), None).checks) == 1


@pytest.mark.parametrize(
    ("text", "there", "holds"),
    [
        ("12 moons", "112 moons", False),
        ("卫星有水", "这颗卫星有水。", True),
        ("卫星有冰", "这颗卫星有水。", False),
        ("Albedo — Mars: 0.25 · Io: 0.6", "Albedo | Mars: 0.25; Io: 0.6", True),
        ("Albedo — Mars: 0.26", "Albedo | Mars: 0.25; Io: 0.6", False),
        ("…", "Io…", False),
        ("Io", "", False),
    ],
)
def test_word_for_word(text, there, holds):
    assert verbatim(text, there) is holds


@pytest.mark.parametrize(
    ("said", "there", "lost"),
    [
        ("1337 kg", "1,337 kg", []),
        ("1,337.50", "1337.5", []),
        ("3,5 %", "3.5 %", []),
        ("2 dishes", "two dishes", []),
        ("12 million", "21 million", ["12"]),
        ("in 2014 and 2015", "2014", ["2015"]),
    ],
)
def test_numbers_are_compared_as_numbers(said, there, lost):
    assert missing_numbers(said, there) == lost


def test_names_are_compared_without_endings_and_sentence_starts():
    assert missing_names("Probes of NASA's fleet went. They saw Mars.", "nasa and mars") == []
    assert missing_names("It was Ms Kowalski.", "a person") == ["Ms", "Kowalski"]


def test_likeness_can_be_worked_out_by_hand():
    assert likeness("moon tide", (HITS[1].chunk,), WordEncoder()) == pytest.approx(1.0)
    assert likeness("ring", (), WordEncoder()) == 0.0


def judge(provider, *lines):
    cited = [AnswerSentence(0, 9, text, (HITS[0].chunk,)) for text in ("First.", "Second [2].")]
    with SERVERS[provider]() as server:
        server.script(Reply(["\n".join(lines)]))
        verdict = judged(LanguageModel(settings_for(server)), cited)
        return verdict, server.requests[0].prompt


@providers
def test_the_model_judges_at_every_provider(provider):
    verdict, prompt = judge(provider, "1: yes", "2: no, the passage gives another year")
    assert verdict == {1: "the passage gives another year"}
    assert MARS in prompt
    assert "⟦2⟧" in prompt


@providers
def test_a_judge_that_leaves_a_sentence_out_is_an_error(provider):
    with pytest.raises(GenerationError, match="did not judge every sentence"):
        judge(provider, "1: yes")
