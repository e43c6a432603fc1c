"""Keys and passwords that the settings hold are in nothing that the program writes."""

import logging
import sys
from pathlib import Path

import pytest

from rag.settings import Settings
from rag.settings.keys import KEYS
from ranklens.library import Library
from tests.fakes import WordEncoder
from tests.security import sessions
from tests.security.attacks import send
from tests.servers.openai_server import OpenAIServer
from tests.servers.page import free_port, started
from tests.ui.cli.conftest import run  # noqa: F401 - a fixture

CANARY = "canary-7f3a9"
PAGES = ("", "library", "inspect", "compare", "judge", "measure", "monitor", "settings", "models")
SIGNING_IN = ("oidc_client_secret", "proxy_secret", "cookie_secret")
QUESTION = "Where is the comet?"
SERVICES = ("cohere", "jina", "voyage", "rerank-server", "tei", "llm-listwise", "llm-pointwise")


def found_in(data):
    """Return where the canary is in bytes or text, with what surrounds it."""
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    at = text.find(CANARY)
    return text[max(0, at - 120) : at + 40] if at >= 0 else ""


@pytest.fixture
def model():
    with OpenAIServer() as server:
        yield server


@pytest.fixture
def secrets(model, tmp_path):
    """Every key of the settings, the usual variables, and a password in every address."""
    address = model.url.replace("http://", f"http://user:{CANARY}-password@")
    keys = {f"RANKLENS_{name.upper()}": f"sk-{CANARY}-{name}" for name in KEYS}
    keys |= {f"RANKLENS_{name.upper()}": f"sk-{CANARY}-{name}" for name in SIGNING_IN}
    keys |= {key.usual: f"sk-{CANARY}-usual" for key in KEYS.values() if key.usual}
    options = {name: address for name in Settings.model_fields if name.endswith("_url")}
    # Where the library is, what encodes and who signs people in stay as they are.
    for name in ("chroma_url", "database_url", "encoder_url", "files_url"):
        del options[name]
    options = {name: value for name, value in options.items() if not name.startswith("oidc_")}
    return keys | {
        **{f"RANKLENS_{name.upper()}": value for name, value in options.items()},
        "RANKLENS_LLM_MODEL": "fake",
        "RANKLENS_LIBRARY": str(tmp_path / "library"),
        "RANKLENS_CACHE": str(tmp_path / "cache"),
    }


def test_every_secret_option_is_among_them(secrets):
    hidden = {n for n, f in Settings.model_fields.items() if "SecretStr" in str(f.annotation)}
    # An address with a password: tests/rag/store/test_database.py; those of signing in are below.
    assert hidden - {"database_url", *SIGNING_IN} == KEYS.keys()
    assert all(f"RANKLENS_{name.upper()}" in secrets for name in hidden - {"database_url"})


def test_no_command_writes_a_key(run, secrets, model, tmp_path, monkeypatch, caplog):  # noqa: F811
    monkeypatch.setattr("ranklens.library.load_encoder", lambda _settings: WordEncoder())
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    caplog.set_level(logging.DEBUG)
    (tmp_path / "comet.txt").write_text("A comet has a long orbit.\nThe moon makes the tide.\n")
    folder = tmp_path / "questions"
    folder.mkdir()
    (folder / "corpus.jsonl").write_text('{"_id": "d", "text": "A comet has a long orbit."}\n')
    (folder / "queries.jsonl").write_text('{"_id": "q", "text": "Where is the comet?"}\n')
    (folder / "qrels.tsv").write_text("q\td\t1\n")
    commands = [
        ("settings",), ("settings", "--json"), ("doctor",), ("doctor", "--json"),
        ("ingest", tmp_path / "comet.txt"), ("documents", "--json"), ("models",),
        ("ask", QUESTION), ("ask", QUESTION, "--json"),
        *(("search", QUESTION, "--reranker", name, "--json") for name in SERVICES),
        ("questions", "--write", "comet.txt", "--set", "made", "--yes"),
        ("judgements", "--propose", "made"), ("verify",),
        ("eval", folder, "--report", tmp_path / "report.html", "--json"),
    ]  # fmt: skip
    reached = 0
    for command in commands:
        ran = run(*command)
        assert found_in(ran.out + ran.err) == "", command
        reached += "refused the key" in ran.out + ran.err
    assert reached >= 3, "the server's refusals, which repeat the key, were met"
    assert model.requests
    assert "llm_model = fake" in (tmp_path / "report.html").read_text("utf-8")
    assert found_in(caplog.text) == ""
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or found_in(path.read_bytes()) == "", path


def test_no_page_metric_or_log_holds_a_key(secrets, model, tmp_path):
    with Library.open(Settings(library=Path(secrets["RANKLENS_LIBRARY"]))) as library:
        (tmp_path / "comet.txt").write_text("A comet has a long orbit.\n")
        library.enqueue(tmp_path / "comet.txt")
        library.work()
    port, log = free_port(), tmp_path / "log"
    command = [sys.executable, "-P", "-m", "ui.server", str(port)]
    with log.open("w") as out, started(command, port, tmp_path, out, **secrets) as address:
        for page in PAGES:
            bytes_sent = sessions.sent(address, page)
            assert b"title" in bytes_sent, page
            assert found_in(bytes_sent) == "", page
        assert b"comet.txt" in sessions.sent(address, "library"), "what is shown is looked through"
        for path in ("/metrics", "/_stcore/metrics", "/_stcore/host-config"):
            assert found_in(send(address, path).body) == "", path
    assert found_in(log.read_bytes()) == ""
