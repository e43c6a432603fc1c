"""Numbers, and the values of tables."""

import pytest

from rag.text.numbers import is_value


@pytest.mark.parametrize(
    "cell", ["1,234", "$(627)", "(1)%", "35.4 %", "—", "2.73% - 4.10%", "$0.24"]
)
def test_values(cell):
    assert is_value(cell)


@pytest.mark.parametrize("cell", ["2022", "June 25, 2022", "Products", "", "Note 2"])
def test_no_values(cell):
    assert not is_value(cell)
