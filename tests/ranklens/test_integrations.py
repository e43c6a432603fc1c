"""Every Python block of docs/integrations.md runs, in order."""

import asyncio
import json
import re
import sys
from pathlib import Path

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

import ranklens
from tests.ranklens.bridges import served
from tests.ranklens.test_examples import BRIDGES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "integrations.md"
ADDRESS = "http://127.0.0.1:8600"


def test_the_examples_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bridges.md").write_text(BRIDGES, "utf-8")
    with ranklens.open("./library") as library:
        library.add("bridges.md")
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)
    local = [block for block in blocks if ADDRESS not in block]
    names: dict[str, object] = {}
    for block in local:
        exec(compile(block, "docs/integrations.md", "exec"), names)
    assert "bridges.md 1" in capsys.readouterr().out
    with ranklens.open("./library") as library, served(library) as address:
        for block in blocks[len(local) :]:
            here = block.replace(ADDRESS, address)
            exec(compile(here, "docs/integrations.md", "exec"), names)
    out = capsys.readouterr().out
    assert "1871" in out
    assert "[1]" in out  # the answer over MCP cites
    assert len(blocks) >= 8


def configurations():
    blocks = re.findall(r"^```json\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)
    return [json.loads(block) for block in blocks]


async def read_with(server):
    """What the official client gets: an answer, and the text of the first document."""
    async with Client(server) as client:
        answer = await client.call_tool("ask", {"question": "When was the stone bridge opened?"})
        listed = await client.call_tool("list_documents", {})
        uri = listed.structured_content["documents"][0]["uri"]
        text = (await client.read_resource(uri)).contents[0].text
    return answer.structured_content["answer"], text


def test_the_configuration_of_a_program_that_starts_ranklens_works(tmp_path):
    (tmp_path / "bridges.md").write_text(BRIDGES, "utf-8")
    with ranklens.open(tmp_path / "library") as library:
        library.add(tmp_path / "bridges.md")
    entry = configurations()[0]["mcpServers"]["ranklens"]
    assert entry["command"] == "/path/to/ranklens"
    given = [one.replace("/path/to/library", str(tmp_path / "library")) for one in entry["args"]]
    started = StdioServerParameters(
        command=sys.executable, args=["-m", "ui.cli", *given], cwd=str(PAGE.parents[1])
    )
    answer, text = asyncio.run(read_with(started))
    assert "1871" in answer
    assert "Anna Berg" in text


def test_the_configuration_of_a_server_with_an_address_works(tmp_path):
    entry = configurations()[1]["servers"]["ranklens"]
    (tmp_path / "bridges.md").write_text(BRIDGES, "utf-8")

    async def through(url, headers):
        async with httpx2.AsyncClient(headers=headers) as http:
            return await read_with(streamable_http_client(url, http_client=http))

    with ranklens.open(tmp_path / "library") as library, served(library) as address:
        library.add(tmp_path / "bridges.md")
        secret, _ = library.keys.add("agent", "read")
        headers = {name: value.replace("KEY", secret) for name, value in entry["headers"].items()}
        answer, _ = asyncio.run(through(entry["url"].replace(ADDRESS, address), headers))
    assert "1871" in answer
