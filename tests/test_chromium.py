"""Without Chromium a browser test is skipped by name; in CI, where it must be there, it fails."""

from types import SimpleNamespace

import pytest

from tests.conftest import pytest_runtest_setup

BROWSER_TEST = SimpleNamespace(get_closest_marker=lambda name: name == "browser")
OTHER_TEST = SimpleNamespace(get_closest_marker=lambda name: False)


@pytest.fixture(autouse=True)
def _no_chromium(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.delenv("CI", raising=False)


def test_on_a_persons_machine_it_is_skipped_with_the_reason():
    with pytest.raises(pytest.skip.Exception, match="no Chromium here"):
        pytest_runtest_setup(BROWSER_TEST)


def test_in_ci_it_fails(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no Chromium here"):
        pytest_runtest_setup(BROWSER_TEST)


def test_other_tests_run():
    pytest_runtest_setup(OTHER_TEST)
