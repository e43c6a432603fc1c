"""Every tool and resource × kinds of visitors: what is foreign is as if it were not there."""

from __future__ import annotations

import pytest

from rag.errors import RanklensError
from ranklens.members import member_of
from serve.mcp import resources
from serve.mcp.replies import uri_of
from serve.mcp.tools import TOOLS, Stop
from tests.serve.isolated import CANARIES, MISSING, OURS, THEIRS, two_collections

ASKED = "Who sees the moon and the tide?"


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    with two_collections(tmp_path_factory.mktemp("tools")) as both:
        yield both


def arguments(tool, things):
    """Every way in which a tool can name something of a collection; and no way at all."""
    fields = TOOLS[tool].arguments.model_fields
    question = {"question": ASKED} if "question" in fields else {}
    needed = {"passage": things.passage} if "passage" in fields else {}
    yield question | needed
    for name, value in (
        ("collection", things.collection),
        ("documents", [things.document]),
        ("contains", things.document),
        ("words", "moon"),
    ):
        if name in fields:
            yield question | needed | {name: value}


def called(library, tool, given):
    """What a tool replies, as text; or its error."""
    entry = TOOLS[tool]
    try:
        reply = entry.run(library, entry.arguments.model_validate(given), Stop())
    except RanklensError as error:
        return f"error: {error}"
    return entry.adapter.dump_json(reply).decode()


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("account", ["viewer", "editor", "nobody", ""])
def test_no_tool_shows_what_is_foreign(held, tool, account):
    library, things = held
    member, theirs = member_of(library, account), things[THEIRS]
    for given in arguments(tool, theirs):
        reply = called(member, tool, given)
        for name in (theirs.document, theirs.collection, theirs.passage):
            if name in str(given):
                reply = reply.replace(name, "…")
        assert not [word for word in (*CANARIES[THEIRS], THEIRS) if word in reply]
        if account in ("nobody", ""):
            assert not [word for word in CANARIES[OURS] if word in reply]


@pytest.mark.parametrize("tool", TOOLS)
def test_a_viewer_uses_every_tool_within_what_it_sees(held, tool):
    library, things = held
    for given in arguments(tool, things[OURS]):
        given.pop("words", None)
        reply = called(member_of(library, "viewer"), tool, given)
        if "passage" in TOOLS[tool].arguments.model_fields or "collection" in given:
            assert not reply.startswith("error"), (given, reply)


def test_resources_are_those_that_are_seen(held):
    library, things = held
    member = member_of(library, "viewer")
    listed = [one.name for one in resources.listed(member, None).resources]
    assert listed == [things[OURS].document]
    resources.read(member, uri_of(things[OURS].document))
    words = []
    for name in (things[THEIRS].document, MISSING.document):
        with pytest.raises(RanklensError) as refused:
            resources.read(member, uri_of(name))
        words.append(str(refused.value).replace(name, "…"))
    assert words[0] == words[1]
