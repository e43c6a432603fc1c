import pytest

from rag.text.typed import clean, too_long


@pytest.mark.parametrize(
    ("text", "kept"),
    [("a\ud800b", "a�b"), ("\udcff", "�"), ("plain 中 😀", "plain 中 😀"), ("", "")],
)
def test_what_cannot_be_written_down_is_replaced(text, kept):
    assert clean(text) == kept
    clean(text).encode()


def test_what_is_too_long_is_named_with_both_lengths():
    assert too_long("x" * 10, 10, "a name") == ""
    assert (
        too_long("x" * 1234, 1000, "a name")
        == "a name has 1,234 characters; at most 1,000 are taken"
    )
