import pytest

from rag.plugins import plugins
from tests.plugin_packages import Install

GROUP = "ranklens.tests"


def test_an_entry_point_is_loaded_once(install_plugin: Install):
    install_plugin(GROUP, {"one": "foreign:thing"}, "thing = object()")

    plugin = plugins(GROUP)["one"]

    assert plugin.loaded is not None
    assert (plugin.package, plugin.reason) == ("foreign 1.0", "")
    assert plugins(GROUP)["one"] is plugin


@pytest.mark.parametrize(
    ("value", "source"),
    [
        ("foreign:thing", "import a_package_that_is_not_there"),
        ("foreign:thing", "raise ValueError('broken')"),
        ("foreign:thing", "def broken(:"),
        ("foreign:thing", "other = 1"),
        ("nowhere:thing", ""),
    ],
)
def test_a_broken_plugin_is_listed_with_a_reason(value: str, source: str, install_plugin: Install):
    install_plugin(GROUP, {"one": value}, source)

    plugin = plugins(GROUP)["one"]

    assert plugin.loaded is None
    assert "the package foreign 1.0 cannot be loaded" in plugin.reason
    assert "uninstall it" in plugin.reason


def test_a_broken_plugin_hides_no_other(install_plugin: Install):
    points = {"good": "foreign:thing", "bad": "nowhere:thing"}
    install_plugin(GROUP, points, "thing = 1")

    assert {name: plugin.loaded for name, plugin in plugins(GROUP).items()} == {
        "good": 1,
        "bad": None,
    }


def test_of_two_packages_with_one_name_the_first_by_alphabet_is_used(install_plugin: Install):
    install_plugin(GROUP, {"one": "zebra:thing"}, "thing = 'z'", "zebra")
    install_plugin(GROUP, {"one": "aardvark:thing"}, "thing = 'a'", "aardvark")

    assert plugins(GROUP)["one"].loaded == "a"


def test_a_group_without_plugins_is_empty():
    assert plugins("ranklens.nothing") == {}
