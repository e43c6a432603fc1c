"""What would have included a passage; each remedy is tried out."""

from dataclasses import replace

import pytest

from rag.inspect import places
from rag.inspect.remedy import remedy
from rag.inspect.removal import removal
from tests.rag.inspect.test_removal import FAR, NOWHERE, A, B, C, D, E, answer, trace

IN_TRACE = (
    places.StagePlace("fused", 31, 80, 0.1, 50, True),
    places.StagePlace("reranked", 14, 50, 0.1, 5, True),
)


def told(made, chunk, at=FAR, pool=None, allowed=True):
    return remedy(made, chunk, at, removal(made, chunk, at, allowed), pool)


def test_what_was_given_needs_none():
    assert told(trace(), A) == ""


def test_below_the_cut_it_names_the_top_and_the_rank_in_the_pool():
    assert (
        told(trace(), B, IN_TRACE)
        == "Top 3 would include it. It came into the pool of 3 at rank 31."
    )


def test_below_the_threshold_it_names_one_that_the_score_reaches():
    made = trace(threshold=0.95)
    assert told(made, C) == "Threshold 0.9 would include it."
    assert told(trace(threshold=0.95), B) == "Top 3 and threshold 0.8 would include it."


def test_outside_the_pool_it_names_a_pool():
    assert told(trace(), D, FAR, 4) == "Pool 4 would hand it to the reranker."
    assert told(trace(), D, FAR, None).startswith("No pool reaches it")
    assert told(trace(), D, FAR, 3).startswith("Ask again")


def test_other_reasons_have_remedies_of_their_own():
    assert (
        told(trace(), E, FAR, allowed=False)
        == f"Ask without the filter, or add {E.document} to it."
    )
    assert told(trace(), E, NOWHERE) == "Add its document again."
    refused = trace(answer(refused=True, relevance=0.1239, refused_below=0.2))
    assert told(refused, A) == "A refuse_below of 0.123 would have answered."
    assert "llm_context" in told(trace(answer(left_out=(2,))), C)


def test_beyond_the_largest_top_no_top_is_named():
    made = trace()
    *above, below = made.stages[-1].hits
    last = replace(made.stages[-1], hits=(*above, replace(below, rank=120)))
    made = replace(made, stages=(*made.stages[:-1], last))
    assert told(made, B).startswith("It is beyond the largest top (100).")


@pytest.mark.parametrize("id", ["m1", "m3", "t1", "s1"])
def test_the_pool_that_is_named_is_one_that_holds_the_passage(pipeline, chunks, id):
    pipeline = pipeline.with_settings(pool=1)
    found = places.everything(pipeline, "mars moon")
    size = places.least_pool(pipeline, chunks[id], found)
    if size is None:
        pytest.skip("no retriever ranks it")
    held = pipeline.with_settings(pool=size).search("mars moon").stages[-1].hits
    assert id in {hit.chunk.id for hit in held}
    if size > 1:
        smaller = pipeline.with_settings(pool=size - 1).search("mars moon").stages[-1].hits
        assert id not in {hit.chunk.id for hit in smaller}
