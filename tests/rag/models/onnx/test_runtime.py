from hypothesis import given
from hypothesis import strategies as st

from rag.models.onnx.runtime import batches

LENGTHS = st.lists(st.integers(0, 600), max_size=80)


@given(LENGTHS, st.integers(1, 1000))
def test_batches_hold_every_row_once_and_keep_within_their_tokens(lengths, tokens):
    made = list(batches(lengths, tokens))
    assert sorted(row for rows in made for row in rows) == [i for i, n in enumerate(lengths) if n]
    for rows in made:
        longest = max(lengths[row] for row in rows)
        assert len(rows) == 1 or longest * len(rows) <= tokens


def test_rows_of_similar_length_go_together():
    assert list(batches([5, 100, 6, 90, 0], 200)) == [[1, 3], [2, 0]]
