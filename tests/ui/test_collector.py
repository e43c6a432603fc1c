"""What stays for good is spared by the garbage collector, once for each name."""

import gc

import pytest

from ui.shared import collector


@pytest.fixture(autouse=True)
def afresh(monkeypatch):
    monkeypatch.setattr(collector, "_spared", set())
    yield
    gc.unfreeze()


def test_what_is_there_is_spared_once_for_each_name():
    gc.unfreeze()
    collector.spare("page")
    spared = gc.get_freeze_count()
    assert spared > 10_000
    more = [[n] for n in range(1_000)]
    collector.spare("page")
    assert gc.get_freeze_count() <= spared
    collector.spare("another")
    assert gc.get_freeze_count() >= spared + len(more) - 100
