"""What can be chosen before a question is asked."""

from rag.settings import Settings
from ranklens import choices
from tests.ui.fakes import FakeDocument, FakeLibrary, trace_of


def test_only_ready_documents_can_be_asked():
    library = FakeLibrary()
    library.held[0] = FakeDocument(library.held[0].name, status="indexing")
    ready = choices.ready(library)
    assert len(ready) == 2
    assert choices.document_types(ready) == ["html", "md"]


def test_expansion_by_a_model_is_offered_only_with_a_model():
    plain = choices.expansions(Settings(expansion="hyde"))
    assert (plain.known, plain.chosen) == (("feedback", "hyde"), ("hyde",))
    assert len(choices.expansions(Settings(llm_model="m")).known) == 5


def test_a_trace_without_a_filter_was_asked_of_everything():
    assert not choices.filter_of(trace_of("Which?"))
