"""The page as it is installed from a wheel, started in a folder that somebody else filled."""

import shutil
import subprocess
import sys
import venv
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.security import sessions
from tests.security.attacks import EVIL, assert_closed_to_others, handshake, send
from tests.security.folders import fill
from tests.servers.page import ROOT, free_port, started

FOLDERS = ("rag", "ingest", "ranklens", "serve", "ui")
SHIPPED = ("app.py", "pyproject.toml", "README.md", "LICENSE", *FOLDERS)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder of the programs of a fresh environment with the wheel and our dependencies."""
    tree = tmp_path_factory.mktemp("tree")
    for name in SHIPPED:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tree / name)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    offline = ["--no-deps", "--no-index"]
    subprocess.run(
        [*pip, "wheel", *offline, "--no-build-isolation", "--wheel-dir", tree / "dist", tree],
        check=True, timeout=110,
    )  # fmt: skip
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, with_pip=False)
    (packages,) = home.glob("lib/python*/site-packages")
    others = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "dependencies.pth").write_text("\n".join(others))
    (wheel,) = (tree / "dist").glob("*.whl")
    python = ["--python", str(home / "bin/python")]
    subprocess.run([*pip, *python, "install", *offline, wheel], check=True, timeout=110)
    return home / "bin"


@pytest.fixture
def hostile(tmp_path):
    return fill(tmp_path / "downloads")


@contextmanager
def running(installed, folder, home, log, *options, **environment):
    """Start the page with `ranklens run` in a folder."""
    port = free_port()
    command = [str(installed / "ranklens"), *options, "run", "--port", str(port)]
    environment = {"HOME": str(home), "XDG_DATA_HOME": str(home), **environment}
    with log.open("w") as out, started(command, port, folder, out, **environment) as address:
        yield address


def test_it_is_the_installed_program(installed, tmp_path):
    code = "import ui, rag, app; print(ui.__file__, rag.__file__, app.__file__)"
    done = subprocess.run(
        [installed / "python", "-P", "-c", code], cwd=tmp_path, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert all(Path(path).is_relative_to(installed.parent) for path in done.stdout.split())


def test_a_page_from_a_wheel_is_closed_to_others_in_any_folder(installed, hostile, tmp_path):
    log = tmp_path / "log"
    with running(
        installed, hostile, tmp_path, log, STREAMLIT_SERVER_ENABLE_CORS="false"
    ) as address:
        assert_closed_to_others(address)
        assert send(address, "/", host=EVIL).status == 403
        page = send(address, "/")
        assert b"<title>Streamlit</title>" in page.body
        config = send(address, "/_stcore/host-config")
        assert b"evil" not in config.body
        assert "access-control-allow-origin" not in config.headers
        assert handshake(address) == 101
        assert send(address, "/app/static/../config.toml").body.count(b"cookieSecret") == 0
        assert b"The library is empty" in sessions.sent(address)
        settings = sessions.sent(address, "settings")
        assert b"Who writes the answers" in settings
        assert b"spy" not in settings, "secrets that lie there do not count"
    said = log.read_text()
    assert f"Settings file: {hostile}/ranklens.toml (found in the working folder)" in said
    assert f"server.cookieSecret is not taken from {hostile}" in said
    assert "known to the attacker" not in said
    assert not (hostile / "ran").exists(), "code of the working folder was run"


def test_documents_are_read_in_a_folder_that_somebody_else_filled(installed, hostile, tmp_path):
    (hostile / "comet.html").write_text("<p>All about the comet of old.</p>")
    command = [installed / "ranklens", "--library", tmp_path / "library", "ingest", "comet.html"]
    done = subprocess.run(
        command, cwd=hostile, capture_output=True, text=True, timeout=100, check=False
    )
    assert (done.returncode, "1 added" in done.stdout) == (0, True), done.stderr
    assert not (hostile / "ran").exists(), "code of the working folder was run"


def test_a_settings_file_that_lies_there_sends_nothing_elsewhere(installed, hostile):
    (hostile / "ranklens.toml").write_text(f'llm_base_url = "http://{EVIL}/v1"\n')
    done = subprocess.run(
        [installed / "ranklens", "run"], cwd=hostile, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "sets llm_base_url" in done.stderr
    assert "ranklens --config ranklens.toml" in done.stderr


def test_a_proxy_s_name_and_its_settings_file_can_be_named(installed, tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text('page_hosts = "docs.example.org"\nsign_in = "elsewhere"\n')
    log = tmp_path / "log"
    with running(installed, tmp_path, tmp_path, log, "--config", str(mine)) as address:
        host = "docs.example.org"
        assert send(address, "/metrics", host=host, Origin=f"https://{host}").status == 200
        assert handshake(address, host=host, origin=f"https://{host}") == 101
        assert handshake(address, host=host, origin=f"http://{EVIL}") == 403
        assert send(address, "/metrics", host=EVIL).status == 403
