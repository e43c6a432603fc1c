"""The Inspect page over a small index whose rankings can be worked out by hand."""

import json
import re

import pytest
from streamlit.testing.v1 import AppTest

from rag import trace as traces
from rag.chat.store import Conversations
from rag.inspect.why import Ablation, Term, Terms, Without
from rag.rerank.late_interaction import TokenMatch
from rag.types import Stage
from ranklens.inspecting import cut_of
from tests.ui.fakes import ALL, HOSTILE, trace_of
from tests.ui.indexed import QUESTION, indexed
from tests.ui.test_ask import html
from ui.inspect import why
from ui.inspect.pool import strips


@pytest.fixture
def asked(library, tmp_path, monkeypatch):
    """The fake library with a real index and pipeline."""
    with indexed(library, tmp_path, monkeypatch):
        yield library


@pytest.fixture
def turn(asked):
    kept = Conversations(asked.index.catalogue.engine)
    return kept.add(kept.start(QUESTION), QUESTION, asked.pipeline.search(QUESTION))


def opened(query=None, **state):
    at = AppTest.from_file("../../ui/inspect/page.py", default_timeout=30)
    for key, value in state.items():
        at.session_state[key] = value
    for key, value in (query or {}).items():
        at.query_params[key] = value
    return at.run()


def outside(trace):
    held = {hit.chunk.id for stage in trace.stages for hit in stage.hits}
    return next(chunk for chunk in ALL if chunk.id not in held)


def text(at):
    return re.sub(r"<[^>]*>", " ", html(at))


def test_without_questions_it_says_where_they_come_from(asked):
    at = opened()
    assert "Nothing to inspect yet" in html(at)
    assert not at.exception


def test_a_passage_of_the_answer_is_told_with_its_places_and_reasons(turn):
    at = opened({"turn": str(turn.id)})
    body = html(at)
    assert not at.exception
    assert "Given to the answer as [1]; this trace has no answer." in body
    assert "in the trace; 4 went on from here" in body
    for kind in ("Exact decomposition", "Attribution by similarity", "Ablation"):
        assert kind in body
    assert "the same as the passage’s BM25 score" in body


def test_a_passage_whose_document_is_gone_gets_no_bm25_score_of_nothing(asked, turn):
    chunk = turn.trace.evidence[0].chunk
    catalogue = asked.index.catalogue
    asked.index.retire([d.id for d in catalogue.ready() if d.name == chunk.document])
    at = opened({"turn": str(turn.id), "passage": chunk.id})
    assert not at.exception
    assert "Given to the answer as [1]" in html(at)
    assert "The passage is not in the library any more" in html(at)
    assert "passage’s BM25 score" not in html(at)


def test_a_passage_beyond_the_pool_has_its_exact_ranks_and_what_removed_it(turn):
    chunk = outside(turn.trace)
    at = opened({"turn": str(turn.id), "passage": chunk.id})
    body = html(at)
    assert not at.exception
    assert "Not retrieved: dense retrieval has it at rank" in body
    assert "of 12, and takes the first 4" in body
    assert "where it would have come beside the pool" in body
    assert body.count("left out here") == 2
    assert at.session_state["inspect_way"] == "In a document"
    verdict = body.index("Not retrieved: dense")
    assert verdict < body.index("rl-card")
    assert "hand it to the reranker" in body[verdict:]
    assert "There it would come at rank" in body[verdict:]


def test_a_passage_is_found_by_its_words(turn):
    at = opened(inspect_way="By its words")
    at.text_input(key="inspect_words").set_value("dry cloth").run()
    assert "Clean the lens with a dry cloth." in html(at)
    assert at.query_params["passage"] == ALL[4].id
    at.text_input(key="inspect_words").set_value("zeppelin").run()
    assert "No passage of the library has one of these words." in html(at)


def test_a_link_opens_the_same_trace_again_and_an_old_one_says_so(turn):
    at = opened({"turn": str(turn.id)})
    assert at.query_params["turn"] == str(turn.id)
    for old in ("999", "abc", "-1", "9" * 30):
        at = opened({"turn": old})
        assert not at.exception
        assert f"There is no question {old} in this library any more." in html(at)
        assert QUESTION in html(at)


def test_the_remedy_of_a_passage_below_the_cut_includes_it(asked, turn):
    last = turn.trace.stages[-1].hits[-1]
    body = html(opened({"turn": str(turn.id), "passage": last.chunk.id}))
    assert f"Top {last.rank} would include it. It came into the pool of 4 at rank" in body
    more = asked.pipeline.with_settings(top=last.rank).search(QUESTION)
    assert last.chunk.id in {hit.chunk.id for hit in more.evidence}


def test_two_traces_start_with_the_same_question_without_reranking(turn):
    at = opened({"turn": str(turn.id), "view": "two"})
    assert not at.exception
    assert "Second: <b>Without reranking, now</b>" in html(at)
    assert "reranker" in html(at)
    assert at.query_params["view"] == "two"
    assert at.query_params["against"] == "none"
    other = opened({"turn": str(turn.id), "view": "two", "against": "pool=2,reranker=none"})
    assert not other.exception
    assert "Second: <b>pool=2,reranker=none, now</b>" in html(other)


def test_the_address_names_the_second_question(asked, turn):
    kept = Conversations(asked.index.catalogue.engine)
    other = kept.add(turn.conversation, "And seals?", asked.pipeline.search("And seals?"))
    at = opened({"turn": str(turn.id), "view": "two", "second": str(other.id)})
    assert not at.exception
    assert "Second: <b>And seals?</b>" in html(at)
    assert at.query_params["second"] == str(other.id)


def test_going_back_to_an_address_without_a_passage_follows_the_first_again(turn, went):
    at = opened({"turn": str(turn.id)})
    first = html(at)
    assert "passage" not in at.query_params
    chosen = turn.trace.stages[-1].hits[-1].chunk.id
    at.selectbox(key="inspect_passage_Of this question").set_value(chosen).run()
    assert at.query_params["passage"] == chosen
    del at.query_params["passage"]
    went(at)
    assert "passage" not in at.query_params
    assert html(at).count("Given to the answer as [1]") == first.count("Given to the answer as [1]")


def test_the_filter_is_what_excluded_a_passage(asked, turn):
    from rag.retrieve.filters import Filter

    within = asked.pipeline.within(Filter(names=("field-guide.pdf",)))
    kept = Conversations(asked.index.catalogue.engine)
    other = kept.add(turn.conversation, QUESTION, within.search(QUESTION))
    body = html(opened({"turn": str(other.id), "passage": ALL[8].id}))
    assert "Excluded by the filter: only field-guide.pdf was asked." in body


def test_a_document_that_is_gone_leaves_what_the_trace_says(asked, turn):
    first = turn.trace.evidence[0].chunk
    asked.index.retire([d.id for d in asked.index.catalogue.ready() if d.name == first.document])
    at = opened({"turn": str(turn.id), "passage": first.id})
    assert not at.exception
    assert "Given to the answer as [1]" in html(at)
    missing = opened({"turn": str(turn.id), "passage": "nothing"})
    assert "The passage of this link is not in the library any more." in html(missing)


def test_the_pool_shows_scores_what_was_read_and_what_repeats(turn):
    at = opened({"turn": str(turn.id), "view": "pool"})
    body = html(at)
    assert not at.exception
    assert body.count('class="track"') == 4
    assert "This reranker does not report how much of a passage it reads." in body
    assert "None repeats another" in body


def test_the_pool_tells_how_much_late_interaction_read(asked, turn):
    kept = Conversations(asked.index.catalogue.engine)
    other = asked.pipeline.with_settings(reranker="maxsim").search(QUESTION)
    added = kept.add(turn.conversation, QUESTION, other)
    body = html(opened({"turn": str(added.id), "view": "pool"}))
    # The fake counts a dash as a token and gives it no vector: such passages are read in part.
    assert "maxsim reads 10,000 tokens of a passage:" in body
    assert body.count('class="rl-meter') == 4
    assert 'class="rl-meter short"' in body


def test_the_same_question_is_asked_of_another_pipeline(turn):
    at = opened({"turn": str(turn.id), "view": "two"}, inspect_pipeline="none")
    at.button(key="inspect_ask").click().run()
    body = html(at)
    assert not at.exception
    assert "<td>reranker</td><td>overlap</td><td>none</td>" in body
    assert "entered what the answer is given" in body
    assert "Time of each stage" in body
    assert "<td>Whole</td>" in body


def test_two_questions_and_a_file_are_compared(asked, turn):
    kept = Conversations(asked.index.catalogue.engine)
    other = kept.add(turn.conversation, "Seals?", asked.pipeline.search("Seals?"))
    at = opened({"turn": str(other.id), "view": "two"}, inspect_with="Another question")
    assert "The two traces are of different questions." in html(at)
    at = opened({"turn": str(turn.id), "view": "two"}, inspect_with="A file")
    data = traces.to_json(turn.trace).encode()
    at.file_uploader[1].set_value(("mine.json", data, "application/json")).run()
    assert "None: both were asked with the same settings." in html(at)
    assert "<b>mine.json</b>" in html(at)


def test_a_file_is_opened_and_a_malformed_one_is_told(turn):
    trace = trace_of(HOSTILE)
    at = opened()
    data = traces.to_json(trace).encode()
    at.file_uploader[0].set_value(("<b>x.json", data, "application/json")).run()
    assert not at.exception
    assert "&lt;script&gt;" in html(at)
    assert "<script" not in html(at)
    assert "turn" not in at.query_params
    bad = json.dumps({"question": "q", "settings": {}, "stages": 4}).encode()
    at.file_uploader[0].set_value(("bad.json", bad, "application/json")).run()
    assert "bad.json cannot be opened" in html(at)
    assert not at.exception


def test_the_drawer_s_way_back_follows_the_passage(turn, asked, monkeypatch):
    from ui.shared import passages

    chunk = outside(turn.trace)
    monkeypatch.setattr(passages, "clicked", lambda key: chunk.id)
    monkeypatch.setattr(passages, "reveal", lambda key: None)
    at = opened({"turn": str(turn.id), "view": "pool"})
    assert "in no ranking of this question" in html(at)
    button = next(b for b in at.button if b.label == "Where it went, and why")
    button.click().run()
    assert at.session_state["inspect_view"] == "A passage"
    assert at.query_params["passage"] == chunk.id


def test_a_strip_marks_the_cut_of_the_pool_and_of_the_evidence():
    trace = trace_of("q")
    fused, last = trace.stage("fused"), trace.stage("reranked")
    assert cut_of(last, trace) == last.hits[2].score
    assert cut_of(fused, trace) is None  # all ten went on
    assert cut_of(trace.stage("dense"), trace) is None
    assert strips(trace).count('class="in"') == 11  # 3 given; BM25 and dense lack one each
    alone = Stage("dense", last.hits[:1], 0.0)
    assert "--at:0.00%" in strips(type(trace)("q", trace.settings, (alone,)))


def test_hostile_words_stay_text_in_every_explanation():
    terms = Terms((Term("x", "<i>x", 1.0, True), Term("y", "y", 0.0, False)), 1.0)
    drawn = why.terms_of(terms)
    assert "&lt;i&gt;x" in drawn
    assert "+1.000" in drawn
    assert "not the passage" in why.terms_of(Terms(terms.terms, 2.0)).replace("  ", " ")
    heat = why.heat_of("<b>cut off", [TokenMatch(0, 1, 0.2), TokenMatch(1, 2, 0.6)])
    assert "<b>" not in heat
    assert "--heat:100%" in heat
    assert 'class="unread"' in heat
    assert "0.20" in heat
    found = Ablation("r", 1.0, (Without(0, 3, 0.5), Without(4, 7, -0.1)), 2)
    drawn = why.ablation_of(found, "<a> <b>")
    assert "<mark>&lt;a&gt;</mark>" in drawn
    assert "The last 2 sentences were not tried." in drawn
    assert 'class="gain"' in drawn
