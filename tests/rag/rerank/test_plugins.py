"""Rerankers of other packages, found by their entry points."""

import re

import pytest

from rag.errors import SettingsError
from rag.rerank.base import Context
from rag.rerank.run import Rerankers
from rag.rerank.table import GROUP, TABLE, available, resolve
from tests.fakes import WordEncoder, make_pool
from tests.plugin_packages import Install
from tests.rag.rerank.conftest import ids

SOURCE = """
from rag.rerank.base import Entry

class Backwards:
    def score(self, query, texts):
        return list(range(len(texts)))

entry = Entry("its own name", "The last first.", lambda context: Backwards())
def function():
    return entry
def broken():
    raise RuntimeError("no licence")
none = Entry("none", "Not this one.", lambda context: Backwards())
number = 7
"""


@pytest.mark.parametrize("value", ["foreign:entry", "foreign:function"])
def test_a_reranker_of_another_package_ranks(value, install_plugin: Install, base, rerankers):
    install_plugin(GROUP, {"backwards": value}, SOURCE)
    context = Context(base.updated(reranker="backwards"), WordEncoder())

    stage = rerankers.rank("q", make_pool("a", "b", "c"), context)

    assert ids(stage) == ["c", "b", "a"]
    assert stage.reranker == "backwards"
    assert resolve("hybrid:backwards").name == "hybrid:backwards"
    assert [one.name for one in available(context)].count("backwards") == 1


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("foreign:broken", r"failed \(RuntimeError: no licence\)"),
        ("foreign:number", r"is no rag\.rerank\.base\.Entry"),
        ("foreign:missing", r"cannot be loaded \(AttributeError"),
    ],
)
def test_a_broken_one_is_listed_with_the_reason_and_the_fused_order_stands(
    value, problem, install_plugin: Install, base, rerankers: Rerankers
):
    install_plugin(GROUP, {"odd": value}, SOURCE)
    context = Context(base.updated(reranker="odd"), WordEncoder())
    reasons = {one.name: one.reason for one in available(context)}

    stage = rerankers.rank("q", make_pool("a", "b"), context)

    assert reasons["odd"].startswith("the plugin odd of the package foreign 1.0 ")
    assert set(TABLE) < set(reasons)
    assert (ids(stage), stage.fell_back) == (["a", "b"], True)
    assert re.search(problem, stage.note)


def test_the_table_s_own_names_win(install_plugin: Install, base):
    install_plugin(GROUP, {"none": "foreign:none"}, SOURCE)
    assert resolve("none") is TABLE["none"]
    context = Context(base, WordEncoder())
    assert [one.summary for one in available(context) if one.name == "none"] == [
        TABLE["none"].summary
    ]


def test_an_unknown_name_offers_them_too(install_plugin: Install):
    install_plugin(GROUP, {"backwards": "foreign:entry"}, SOURCE)
    with pytest.raises(SettingsError, match="did you mean backwards"):
        resolve("backward")
