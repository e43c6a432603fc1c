"""Each way for a passage to be left out, on a trace made by hand: pool 3, top 2."""

import pytest

from rag.inspect.places import StagePlace
from rag.inspect.removal import removal
from rag.types import Answer, Citation, Stage, Trace, ranked
from tests.fakes import make_chunk

A, B, C, D, E = (make_chunk(name) for name in "abcde")
WITHIN = {"documents": ["b.txt"], "types": [], "since": None}


def hits(*chunks):
    return ranked((chunk, 1.0 - n / 10) for n, chunk in enumerate(chunks))


def trace(answer=None, note="", fell_back=False, reranker="overlap", **settings):
    last = Stage("reranked", hits(A, C, B), 0.0, note, fell_back, reranker)
    stages = (
        Stage("dense", hits(A, B), 0.0),
        Stage("lexical", hits(C, D), 0.0),
        Stage("fused", hits(A, B, C, D), 0.0),
        last,
    )
    return Trace("q", {"pool": 3, "top": 2, "threshold": None} | settings, stages, answer)


def answer(refused=False, **more):
    cited = () if refused else (Citation(1, "a", 0, 3),)
    return Answer("[1]", cited, "llm", refused, 0.0, **more)


def place(stage, rank, of=9):
    return StagePlace(stage, rank, of, None if rank is None else 0.1, 2, False)


NOWHERE = (place("dense", None), place("lexical", None), place("fused", None))
FAR = (place("dense", 7), place("lexical", None), place("fused", 8))


def test_what_was_given_is_told_with_what_the_answer_made_of_it():
    assert removal(trace(), A, FAR).words == "Given to the answer as [1]; this trace has no answer."
    assert removal(trace(answer()), A, FAR).words == "Given to the answer as [1], and cited."
    assert removal(trace(answer()), C, FAR).words == "Given to the answer as [2], and not cited."
    assert removal(trace(answer()), C, FAR).where == ""
    short = removal(trace(answer(shortened=(1,))), A, FAR)
    assert short.words == "Given to the answer as [1], shortened to fit the window, and cited."


def test_what_the_prompt_had_no_room_for():
    found = removal(trace(answer(left_out=(2, 3))), C, FAR)
    assert found.where == "answer"
    assert found.words.startswith("Left out of the prompt as [2]: the passages above it filled")


def test_an_answer_that_was_refused_before_it_was_written():
    found = removal(trace(answer(refused=True, relevance=0.1, refused_below=0.2)), A, FAR)
    assert (found.where, "refused" in found.words) == ("answer", True)
    by_the_writer = removal(trace(answer(refused=True, relevance=0.4)), A, FAR)
    assert by_the_writer.words == "Given to the answer as [1], and not cited."


def test_cut_by_the_reranker_and_not_by_it():
    cut = removal(trace(), B, FAR)
    assert cut.where == "reranker"
    assert cut.words == "Cut by the reranker: it moved it from rank 2 to rank 3, below the top 2."
    below = removal(trace(top=1), C, FAR)
    assert below.words == "Below the top 1: rank 2 after reranking (rank 3 before)."


def test_after_a_second_hop_the_reranker_is_not_blamed():
    made = trace()
    hop = Stage("second-hop", hits(A, C, B), 0.0)
    found = removal(Trace("q", made.settings, (*made.stages, hop)), B, FAR)
    assert found.words == "Below the top 2: rank 3 after the stage second-hop (rank 2 before)."


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"fell_back": True, "note": "no weights"}, "the reranker did not run"),
        ({"reranker": "none"}, "nothing reranked it"),
    ],
)
def test_without_a_reranking_the_reranker_is_not_blamed(more, why):
    found = removal(trace(**more), B, FAR)
    assert found.where == "pool"
    assert found.words == f"Below the top 2: rank 3, and {why}."


def test_below_the_threshold():
    found = removal(trace(threshold=0.95), C, FAR)
    assert found.where == "threshold"
    assert found.words == "Below the threshold: its score 0.900 is under the threshold 0.95."


def test_below_the_pool():
    found = removal(trace(), D, FAR)
    assert (found.where, found.words) == (
        "pool", "Below the pool: rank 4 in fused, and the first 3 were reranked."
    )  # fmt: skip


def test_not_retrieved_says_how_far_each_retriever_had_it():
    found = removal(trace(), E, FAR)
    assert found.where == "retrieval"
    assert found.words == (
        "Not retrieved: dense retrieval has it at rank 7 of 9, and takes the first 3; "
        "BM25 finds no word of the question in it."
    )


def test_what_the_index_missed_is_told_apart():
    near = (place("dense", 2), place("lexical", None), place("fused", 3))
    assert "the index missed it, or it was added since" in removal(trace(), E, near).words


def test_a_retriever_that_failed_is_named():
    made = trace()
    failed = Stage("dense", (), 0.0, "Chroma is not there", True)
    words = removal(Trace("q", made.settings, (failed, *made.stages[1:])), E, FAR).words
    assert "dense retrieval failed (Chroma is not there)" in words


def test_excluded_by_the_filter_comes_before_all_ranks():
    found = removal(trace(within=WITHIN), E, FAR, allowed=False)
    assert (found.where, found.words) == (
        "filter", "Excluded by the filter: only b.txt was asked."
    )  # fmt: skip


def test_what_is_gone_from_the_library():
    assert "not in the library any more" in removal(trace(), E, NOWHERE).words


def test_a_trace_without_stages_is_survived():
    assert removal(Trace("q", {}, ()), A, ()).where == "retrieval"
