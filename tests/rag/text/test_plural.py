import pytest

from rag.text.plural import plural


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 chunks"), (1, "1 chunk"), (2, "2 chunks"), (1200, "1,200 chunks"), (1.0, "1 chunk"),
     (0.5, "0.5 chunks")],
)  # fmt: skip
def test_a_number_with_its_noun(count, said):
    assert plural(count, "chunk") == said


def test_words_that_change_with_the_number():
    assert plural(1, "row is", "rows are") == "1 row is"
    assert plural(3, "row is", "rows are") == "3 rows are"
