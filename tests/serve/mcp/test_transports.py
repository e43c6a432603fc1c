"""The MCP server over both transports, asked by the official client and by hand."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from tests.ranklens.bridges import served
from tests.serve.conftest import open_library, stock
from tests.serve.test_server import SLOW, busy, sent, settings_of
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[3]
MODES = pytest.mark.parametrize("mode", ["auto", "legacy"])
QUESTION = {"question": "Which probe landed on the moon?"}


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="module")
def address(stocked):
    """The address of a real server without keys."""
    with served(stocked) as address:
        yield f"{address}/api/mcp"


@pytest.fixture(scope="module")
def keyed(tmp_path_factory):
    """The address of a real server with a key for reading, and that key."""
    folder = tmp_path_factory.mktemp("keyed")
    with open_library(folder) as library:
        stock(library, folder)
        secret, _ = library.keys.add("agent", "read")
        with served(library) as address:
            yield f"{address}/api/mcp", secret


async def asked(client):
    """What a client sees: its tools, a search, a resource."""
    tools = [tool.name for tool in (await client.list_tools()).tools]
    found = (await client.call_tool("search", QUESTION)).structured_content
    (first, *_) = (await client.list_resources()).resources
    text = (await client.read_resource(first.uri)).contents[0].text
    return tools, found["passages"][0]["passage"]["document"], text


@MODES
async def test_the_official_client_over_http(address, stocked, mode):
    async with Client(address, mode=mode) as client:
        assert client.server_info.name == "ranklens"
        assert "quoted from documents" in client.instructions
        tools, document, text = await asked(client)
    assert len(tools) == 5
    assert document == "moon.md"
    assert text == stocked.text("comet.txt")


@MODES
async def test_a_key_opens_a_server_that_has_keys(keyed, mode):
    url, secret = keyed
    headers = {"Authorization": f"Bearer {secret}"}
    async with (
        httpx2.AsyncClient(headers=headers) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode) as client,
    ):
        assert (await asked(client))[1] == "moon.md"


async def test_without_a_key_it_answers_nothing(keyed):
    url, _ = keyed
    reply = httpx.post(url, json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"] == "Bearer"
    with pytest.raises(Exception):  # noqa: B017, PT011 - whichever the client raises
        async with Client(url) as client:
            await client.list_tools()


def test_other_sites_methods_and_bodies_are_refused(address):
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    accept = {"Accept": "application/json, text/event-stream"}
    assert httpx.post(address, json=message, headers=accept).status_code == 200
    for headers in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}):
        assert httpx.post(address, json=message, headers=accept | headers).status_code == 403
    for method in ("GET", "DELETE"):
        reply = httpx.request(method, address, headers=accept)
        assert (reply.status_code, reply.headers["allow"]) == (405, "POST")
    large = httpx.post(address, content=b" " * 20_000_000, headers=accept)
    assert large.status_code == 413
    for body in (b"", b"{", b"[]", b'{"jsonrpc": "2.0"}', b"\xff\xfe", b"[" * 100_000):
        headers = accept | {"Content-Type": "application/json"}
        assert 400 <= httpx.post(address, content=body, headers=headers).status_code < 500


def test_hanging_up_stops_the_answer(tmp_path):
    with OpenAIServer() as model, open_library(tmp_path, **settings_of(model)) as library:
        stock(library, tmp_path)
        model.script(SLOW)
        params = {"name": "ask", "arguments": QUESTION}
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        with served(library) as address:
            with sent(address, message, "/api/mcp"):
                busy(model)
            assert model.left.wait(10)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a stocked library that is closed."""
    folder = tmp_path_factory.mktemp("stdio")
    with open_library(folder) as library:
        stock(library, folder)
    return folder


def started(folder):
    """How a client starts `ranklens mcp`."""
    settings = {"RANKLENS_RERANKER": "none", "RANKLENS_CACHE": str(folder)}
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "tests.serve.mcp.stdio_server", str(folder / "library")],
        cwd=str(ROOT),
        env={**os.environ, **settings},
    )


@pytest.mark.parametrize("how", ["end of input", pytest.param("signal", marks=pytest.mark.slow)])
def test_it_writes_messages_only_and_ends_in_order(folder, how):
    begin = started(folder)
    message = {
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {},
                   "clientInfo": {"name": "test", "version": "1"}},
    }  # fmt: skip
    process = subprocess.Popen(
        [begin.command, *begin.args], cwd=begin.cwd, env=begin.env, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    with process:
        process.stdin.write(json.dumps(message) + "\n")
        process.stdin.flush()
        first = json.loads(process.stdout.readline())
        assert first["result"]["serverInfo"]["name"] == "ranklens"
        if how == "signal":
            process.send_signal(signal.SIGTERM)
        started_at = time.monotonic()
        out, err = process.communicate(timeout=30)
    assert out == ""
    assert "Traceback" not in err
    assert process.returncode == (0 if how == "end of input" else 130)
    assert time.monotonic() - started_at < 15


def test_a_library_that_is_not_there_or_in_use_is_one_line(folder):
    begin = started(folder)
    with open_library(folder):
        ran = subprocess.run(
            [begin.command, *begin.args], cwd=begin.cwd, env=begin.env, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (1, "")
    assert len(ran.stderr.strip().splitlines()) == 1
