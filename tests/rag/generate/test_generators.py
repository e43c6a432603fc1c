"""The contract of every generator: cite only what was given, refuse without evidence."""

import pytest

from rag.errors import GenerationError, SettingsError
from rag.generate import GENERATORS, GROUP, generator_for
from rag.generate.answer import Answering, is_refusal
from rag.generate.base import REFUSAL, Quote, Written
from rag.llm.providers import PROVIDERS
from rag.settings import Settings
from rag.types import Chunk, Hit
from tests.plugin_packages import Install
from tests.rag.generate.encoder import CountingEncoder
from tests.servers.providers import SERVERS, settings_for

# Cohere's client warns about its own use of pydantic when it is first imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:cohere.*")

TEXTS = (
    "Mars has two moons.",
    "Voyager 2 was launched in 1977.",
    "Das Wetter in Zürich 水は青い。",
)
HITS = tuple(
    Hit(Chunk(f"c{n}", f"dök{n}.txt", 0, len(text), text), n, 1.0 / n)
    for n, text in enumerate(TEXTS, 1)
)


KINDS = ["extractive", *PROVIDERS]


def test_every_line_of_the_table_is_under_contract():
    assert set(GENERATORS) == {"extractive", "model"}


@pytest.fixture(params=KINDS)
def made(request):
    """A generator, and a function that says how often it did any work."""
    encoder = CountingEncoder()
    model = request.param != "extractive"
    with SERVERS[request.param if model else "openai"]() as server:
        kind = "model" if model else "extractive"
        generator = GENERATORS[kind](settings_for(server), encoder, None)
        yield generator, lambda: encoder.calls + len(server.requests)


@pytest.mark.parametrize("question", ["How many moons has Mars?", "Wetter in Zürich? 水", ""])
@pytest.mark.parametrize("count", [1, 3])
def test_only_given_passages_are_cited_in_the_text_that_was_streamed(made, question, count):
    answering = Answering(made[0], question, HITS[:count])
    text = "".join(answering)
    answer = answering.answer
    assert answer.text == text
    assert answer.error == ""
    assert answer.citations or answer.refused
    ids = [hit.chunk.id for hit in HITS[:count]]
    for citation in answer.citations:
        assert citation.chunk_id == ids[citation.number - 1]
        assert text[citation.start : citation.end] == f"[{citation.number}]"
    assert [c.start for c in answer.citations] == sorted(c.start for c in answer.citations)


def test_without_evidence_it_refuses_and_does_nothing(made):
    generator, work = made
    answering = Answering(generator, "How many moons has Mars?", ())
    assert list(answering) == [REFUSAL.rstrip()]
    assert answering.answer.refused
    assert answering.answer.citations == ()
    assert work() == 0


def test_it_can_be_stopped_at_any_piece(made):
    answering = Answering(made[0], "How many moons has Mars?", HITS)
    first = next(iter(answering))
    answering.close()
    assert list(answering) == []
    assert answering.answer.text == first
    assert answering.answer.stopped is True


def test_it_can_be_stopped_before_it_began(made):
    answering = Answering(made[0], "How many moons has Mars?", HITS)
    answering.close()
    assert list(answering) == []
    assert made[1]() == 0


def test_a_model_answers_where_one_is_set():
    encoder = CountingEncoder()
    assert generator_for(Settings(), encoder).name == "extractive"
    assert generator_for(Settings(llm_model="m"), encoder).name == "openai:m"
    there = Settings(llm_provider="cohere", llm_model="m")
    assert generator_for(there, encoder).name == "cohere:m"


class Scripted:
    name = "scripted"

    def __init__(self, *pieces, written=None):
        self.pieces, self.written = pieces, written

    def stream(self, question, hits):
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece
        return self.written


def test_what_arrived_before_an_error_is_kept():
    answering = Answering(Scripted("Two [1]. And [", GenerationError("it broke")), "q", HITS)
    assert "".join(answering) == "Two [1]. And"
    assert answering.answer.error == "it broke"
    assert [c.number for c in answering.answer.citations] == [1]


def test_an_error_that_is_not_ours_is_not_swallowed():
    with pytest.raises(ZeroDivisionError):
        list(Answering(Scripted("a", ZeroDivisionError()), "q", HITS))


def test_quotes_and_details_come_from_what_a_generator_returns():
    written = Written((Quote(2, 0, 7), Quote(1, 0, 4)), details={"tokens": 3})
    answering = Answering(Scripted("a [1", "] b [2] c [2] d [9]", written=written), "q", HITS)
    list(answering)
    answer = answering.answer
    assert [(c.number, c.quote_start) for c in answer.citations] == [(1, 0), (2, 0), (2, None)]
    assert answer.first_token_seconds >= 0
    assert answer.details == {"tokens": 3, "unknown_citations": 1}


@pytest.mark.parametrize(
    ("text", "cites", "refused"),
    [
        (REFUSAL, False, True),
        ("**" + REFUSAL + "**", False, True),
        (REFUSAL.rstrip(".") + "; they are about Mars [1].", True, True),
        ("I am sorry. " + REFUSAL, False, True),
        ("Mars has two moons [1]. " + REFUSAL, True, False),
        ("Mars has two moons [1].", True, False),
        ("", False, False),
    ],
)
def test_what_counts_as_a_refusal(text, cites, refused):
    assert is_refusal(text, cites) is refused


PLUGIN = """
class Parrot:
    name = "parrot"
    def stream(self, question, hits):
        yield f"{question} [1]"

def parrot(settings, encoder, kept):
    return Parrot()
def broken(settings, encoder, kept):
    raise RuntimeError("no licence")
"""


def test_a_generator_of_another_package_writes(install_plugin: Install):
    install_plugin(GROUP, {"parrot": "foreign:parrot", "model": "foreign:parrot"}, PLUGIN)
    generator = generator_for(Settings(generator="parrot"), CountingEncoder())
    answering = Answering(generator, "Why?", HITS)
    assert "".join(answering) == "Why? [1]"
    assert [c.chunk_id for c in answering.answer.citations] == ["c1"]
    own = generator_for(Settings(generator="model", llm_model="m"), CountingEncoder())
    assert own.name == "openai:m"  # the table's own names win


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("foreign:broken", "failed (RuntimeError: no licence)"),
        ("foreign:missing", "cannot be loaded"),
    ],
)
def test_a_broken_one_leaves_the_evidence_with_the_reason(value, problem, install_plugin: Install):
    install_plugin(GROUP, {"odd": value}, PLUGIN)
    generator = generator_for(Settings(generator="odd"), CountingEncoder())
    answering = Answering(generator, "Why?", HITS)
    assert "".join(answering) == ""
    assert "the plugin odd of the package foreign 1.0" in answering.answer.error
    assert problem in answering.answer.error


def test_an_unknown_generator_is_refused_with_those_there_are():
    with pytest.raises(SettingsError, match="there are auto, extractive, model"):
        generator_for(Settings(generator="parrot"), CountingEncoder())
