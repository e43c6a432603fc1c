"""The options of the server are the program's own, whatever files and variables say."""

import json
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from rag.settings import Settings
from tests.security.folders import CONFIG
from tests.servers.page import free_port, wait_for
from ui import server

ROOT = Path(__file__).parents[2]
# Every option of Streamlit as it is held, after its files were read twice (a file was changed).
HELD = """
import json, sys
from streamlit import config
from rag.settings import Settings
from ui import server
server.hold(server.options(Settings()))
flags = json.loads(sys.argv[1])
for _ in range(2):
    found = config.get_config_options(force_reparse=True, options_from_flags=flags)
values = {name: option.value for name, option in found.items()}
print(json.dumps(values, default=str))
"""


def held(folder, **flags):
    environment = {**os.environ, "HOME": str(folder / "nobody"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-P", "-c", HELD, json.dumps(flags)], cwd=folder, env=environment,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "nobody").mkdir()
    return tmp_path


@pytest.mark.parametrize("place", [".", "nobody"], ids=["the working folder", "the user's own"])
def test_no_option_comes_from_a_file(folder, place):
    without = held(folder)
    (folder / place / ".streamlit").mkdir()
    (folder / place / ".streamlit/config.toml").write_text(CONFIG)
    # These flags are among those that `ranklens run` gives: else the theme would be fetched.
    found = held(folder, **{"theme.base": "light", "global.developmentMode": False})
    secret = found.pop("server.cookieSecret")
    assert secret not in ("known to the attacker", without.pop("server.cookieSecret"))
    assert found == without
    assert found["server.allowedHosts"] == ["127.0.0.1", "localhost"]
    assert found["server.enableXsrfProtection"]
    assert not [path for path in found["secrets.files"] if str(folder / ".streamlit") in path]


def test_who_starts_the_server_chooses_where_it_listens_but_not_who_is_let_in(folder):
    flags = {"server.address": "192.0.2.1", "server.port": 8600, "server.enableCORS": False}
    found = held(folder, **flags, **{"server.allowedHosts": ["*"]})
    assert (found["server.address"], found["server.port"]) == ("192.0.2.1", 8600)
    assert found["server.allowedHosts"] == ["127.0.0.1", "localhost"]
    assert found["server.enableCORS"]


def test_the_repository_s_own_file_says_the_same():
    path = ROOT / ".streamlit/config.toml"
    theirs = dict(server._flat(tomllib.loads(path.read_text("utf-8"))))
    ours = server.options(Settings())
    assert theirs == {name: ours[name] for name in theirs}


def test_a_late_file_ends_the_start(folder, monkeypatch):
    (folder / ".streamlit").mkdir()
    (folder / ".streamlit/config.toml").write_text('[server]\naddress = "192.0.2.1"\n')
    code = "from ui import server; server.refuse_late_options()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=folder, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "config.toml sets server.address, which is not taken from a file" in done.stderr


@pytest.mark.parametrize("name", ["SIGHUP", "SIGTERM"])
def test_a_signal_stops_the_server_in_order(name, tmp_path):
    """The server shuts down, which closes the library, and then ends by SIGTERM.

    A signal that whoever starts the tests ignores (nohup) would be ignored by the server too.
    """
    before = signal.signal(getattr(signal, name), signal.SIG_DFL)
    port = free_port()
    command = [sys.executable, "-P", "-m", "ui.server", str(port)]
    environment = os.environ | {"RANKLENS_LIBRARY": str(tmp_path / "library")}
    with subprocess.Popen(command, cwd=ROOT, env=environment) as server:
        try:
            wait_for(f"http://127.0.0.1:{port}", server)
            server.send_signal(getattr(signal, name))
            server.wait(60)
        finally:
            signal.signal(getattr(signal, name), before)
            server.kill()
    assert server.returncode == -signal.SIGTERM


def test_a_session_belongs_to_the_account_that_the_proxy_names():
    proxy = Settings(sign_in="proxy", proxy_secret="between-proxy-and-page")
    users = server.options(proxy)["server.trustedUserHeaders"]
    assert users == {proxy.proxy_user_header: "account"}
    assert "server.trustedUserHeaders" not in server.options(Settings())
