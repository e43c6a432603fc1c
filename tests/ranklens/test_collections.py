"""Collections through the public API: adding, asking, conversations, question sets, figures."""

import time

import pytest

from rag.errors import FilterError, LibraryError, NotThere
from rag.evaluate.data import Question
from rag.settings import Settings
from ranklens import asking, conversing, inspecting, judging, measuring, monitoring, samples
from ranklens.asking import PendingQuestion
from ranklens.library import Library
from tests.fakes import WordEncoder

MOON = {"moon.md": "The moon pulls the tide.\n\n# Probe\n\nA probe is in its orbit of the moon."}
OTHERS = {f"sun {n}.txt": f"Sun {n}. The tide of the sun has a ring. " * n for n in range(1, 9)}


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """Return a function that opens an empty library with a fake encoder."""
    monkeypatch.setattr("ranklens.library.load_encoder", lambda _settings: WordEncoder())
    made = []

    def open_library(name="library"):
        settings = Settings(library=tmp_path / name, cache=tmp_path, reranker="none")
        made.append(Library.open(settings))
        return made[-1]

    yield open_library
    for library in made:
        library.close()


@pytest.fixture
def library(opened, tmp_path):
    """Eight documents in the default collection, one in the collection moon."""
    library = opened()
    library.collections.make("moon")
    add(library, tmp_path, MOON, "moon")
    add(library, tmp_path, OTHERS)
    return library


def add(library, folder, texts, collection=""):
    source = folder / f"source of {collection or 'default'}"
    source.mkdir(exist_ok=True)
    for name, text in texts.items():
        (source / name).write_text(text, "utf-8")
    return library.add([source], collection=collection)


def documents(trace):
    return {hit.chunk.document for hit in trace.stages[-1].hits}


def scores(trace):
    return [
        [(h.chunk.text, pytest.approx(h.score, abs=1e-6)) for h in s.hits] for s in trace.stages
    ]


def test_a_question_is_asked_within_a_collection(library):
    trace = library.search("moon tide", collection="moon")
    assert documents(trace) == {"moon.md"}
    assert trace.settings["collection"] == "moon"
    trace = library.ask("moon tide")
    assert documents(trace) <= set(OTHERS)
    assert trace.settings["collection"] == "default"
    with pytest.raises(FilterError, match="did you mean 'moon'"):
        library.search("tide", collection="moons")
    with pytest.raises(FilterError, match="no document 'sun 1' in the library"):
        library.search("tide", collection="moon", documents=["sun 1"])


def test_the_same_figures_with_and_without_other_documents(library, opened, tmp_path):
    alone = opened("alone")
    add(alone, tmp_path / "alone", MOON)
    for question in ("moon tide", "a probe in orbit", "ring"):
        within = library.search(question, collection="moon")
        assert scores(within) == scores(alone.search(question))


def test_a_collection_without_documents_names_those_that_have_some(library):
    library.collections.make("empty")
    with pytest.raises(LibraryError, match="'empty' can be asked; there are some in default, moon"):
        library.search("tide", collection="empty")
    with pytest.raises(NotThere, match="no collection 'none'"):
        library.documents("none")


def test_the_same_bytes_are_put_into_another_collection(library, tmp_path):
    source = tmp_path / "source of moon" / "moon.md"
    library.collections.make("both")
    (outcome,) = library.add([source], collection="both")
    assert outcome.status == "unchanged"
    assert outcome.reason.endswith("it is in the collection 'both' now too")
    assert library.collections.of_documents()["moon.md"] == ("both", "moon")
    assert [d.name for d in library.documents("both")] == ["moon.md"]
    with pytest.raises(NotThere, match="no collection 'none'"):
        library.add([source], collection="none")


def test_a_conversation_stays_in_its_collection(library):
    turn = asking.ask(library, PendingQuestion("moon tide"), collection="moon")
    later = asking.ask(
        library, PendingQuestion("and the ring?"), [turn], turn.conversation, collection="default"
    )
    for one in (turn, later):
        assert documents(one.trace) == {"moon.md"}
    other = asking.ask(library, PendingQuestion("sun"))
    assert conversing.collection_of(library, turn.conversation) == "moon"
    of = {
        name: [c.id for c in conversing.conversations(library, name)]
        for name in ("default", "moon")
    }
    assert of == {"default": [other.conversation], "moon": [turn.conversation]}
    library.collections.rename("moon", "the moon")
    assert conversing.collection_of(library, turn.conversation) == "the moon"
    library.collections.remove("the moon")
    assert conversing.collection_of(library, turn.conversation) == "default"
    assert len(conversing.conversations(library, "default")) == 2


def test_a_question_set_is_asked_of_its_collection(library):
    library.question_sets.put("Moon", [Question("q1", "moon tide")], "moon")
    library.question_sets.put("Any", [Question("q1", "moon tide")])
    assert library.question_sets.sizes("moon") == {"Moon": 1}
    assert library.question_sets.sizes("default") == {"Any": 1}
    passage = library.search("moon tide", collection="moon").stages[-1].hits[0].chunk
    library.judge("moon tide", passage, 3)
    run = library.measure("Moon").evaluation.runs[0]
    assert run.settings["collection"] == "moon"
    assert run.results[0].rankings[-1].items[0] == passage.id
    other = library.measure("Moon", collection="default").evaluation
    assert passage.id not in other.runs[0].results[0].rankings[-1].items
    evaluation = library.measure("Moon").evaluation
    again = measuring.search_again(library, evaluation, run.name, "moon tide")
    assert documents(again) == {"moon.md"}


def test_a_question_set_stays_in_its_collection(library):
    library.question_sets.put("Moon", [Question("q1", "moon tide")], "moon")
    library.question_sets.put("Moon", [Question("q2", "moon")])
    library.question_sets.add("Moon", [Question("", "tide")], "default")
    assert library.question_sets.collection_of("Moon") == "moon"
    with pytest.raises(NotThere):
        library.question_sets.put("Moon", [Question("q2", "moon")], "no such")
    library.collections.remove("moon")
    assert library.question_sets.collection_of("Moon") == ""
    assert library.question_sets.sizes("default") == {"Moon": 2}


def test_what_is_judged_and_compared_is_of_the_collection(library):
    pooled = judging.pool(library, "moon tide", {"none": {}}, 5, "moon")
    assert {chunk.document for chunk in pooled} == {"moon.md"}
    made = library.compare("moon tide", ["none"], collection="moon")
    assert documents(made.sides[0].trace) == {"moon.md"}


def test_the_sample_library_is_a_collection_of_its_own(opened, tmp_path):
    folder = tmp_path / "planets"
    folder.mkdir()
    (folder / "moon.md").write_text(MOON["moon.md"], "utf-8")
    (folder / "README.md").write_text("No sample.", "utf-8")
    (folder / samples.QUESTIONS).write_text(
        '{"id": "q1", "question": "What pulls the tide?", "gold": [{"document": "moon.md", '
        '"quote": "The moon pulls the tide."}]}',
        "utf-8",
    )
    library = opened()
    assert samples.offered(library)
    samples.add_documents(library, folder)
    samples.add_questions(library, folder)
    assert not samples.offered(library)
    assert library.collections.of_documents() == {"moon.md": ("planets",)}
    assert library.question_sets.collection_of("planets") == "planets"
    assert len(library.measure("planets").evaluation.grades) == 1
    assert documents(library.search("tide")) == {"moon.md"}  # the only one that has documents


def test_all_collections_are_asked_together(library):
    assert documents(library.search("tide", collection="all")) >= {"moon.md", "sun 1.txt"}
    turn = asking.ask(library, PendingQuestion("What pulls the tide?"), collection="all")
    assert "collection" not in turn.trace.settings
    assert "moon.md" in documents(turn.trace)
    assert conversing.collection_of(library, turn.conversation) == "all"
    assert [one.id for one in conversing.conversations(library, "all")] == [turn.conversation]
    assert conversing.conversations(library, "default") == []
    more = asking.ask(library, PendingQuestion("And a probe?"), [turn], turn.conversation)
    assert more.conversation == turn.conversation
    assert {document.name for document in library.documents("all")} == {*MOON, *OTHERS}


def test_the_question_log_knows_the_collection(library):
    library.search("tide", collection="moon")
    library.search("tide")
    library.search("ring", collection="all")
    library.collections.rename("moon", "Moon")
    end = time.time() + 1
    assert monitoring.of_window(library, None, end).questions == 3
    assert monitoring.of_window(library, None, end, "Moon").questions == 1
    (every,) = monitoring.questions(library, None, end, collection="all")
    assert every.question == "ring"
    rows = monitoring.questions_as_csv(library, monitoring.questions(library, None, end))
    assert [line.rpartition(",")[2] for line in rows.split()[1:]] == ["all", "default", "Moon"]


def test_a_trace_is_inspected_though_its_collection_has_another_name_or_is_gone(library):
    turn = asking.ask(library, PendingQuestion("What pulls the tide?"), collection="moon")
    chunk = library.chunks("sun 1.txt")[0]
    assert inspecting.trace_collection(library, turn.trace).note == ""
    library.collections.rename("moon", "Moon")
    library.collections.make("moon")  # another one has the name now
    found = inspecting.trace_collection(library, turn.trace, turn.conversation)
    assert found.name == "Moon"
    assert "called 'moon' then; it is 'Moon' now" in found.note
    way = inspecting.Inspection(library, turn.trace, found.name).way(chunk)
    assert way.removal.where == "filter"
    for name in ("Moon", "moon"):
        library.collections.remove(name)
    gone = inspecting.trace_collection(library, turn.trace, turn.conversation)
    assert gone.name == ""
    assert "'moon', in which this question was asked, is not there any more" in gone.note
    assert inspecting.Inspection(library, turn.trace).way(chunk).removal.where != "filter"
