"""What people made in a library, opened when it is first needed."""

import pytest

from tests.ui.fakes import ALL, FakeLibrary


@pytest.mark.parametrize(
    "name", ["conversations", "question_sets", "judgements", "votes", "question_log"]
)
def test_a_table_is_opened_once(name):
    library = FakeLibrary()
    assert getattr(library, name) is getattr(library, name)


def test_every_table_is_in_the_librarys_own_file():
    one, other = FakeLibrary(), FakeLibrary()
    one.judgements.grade("Which?", ALL[0], 3, "ada")
    one.conversations.start("Seals")
    assert one.judgements.all()
    assert other.judgements.all() == []
