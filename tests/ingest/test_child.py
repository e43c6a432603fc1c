"""What the process that reads foreign files is given, how far it may go, and how it ends."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from ingest.child import COMMAND, Child
from ingest.messages import Packet, PartsTooLarge, receive, send
from ingest.parse import Parser
from rag.errors import DocumentError
from rag.models.workers import BEHIND
from rag.settings import Settings
from tests.fakes import words_tokeniser
from tests.ingest.build import parse

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = Settings()
MAIN = """
import os, time
from ingest import child_main
def spin(parts, cpu):
    start = time.process_time()
    while time.process_time() - start < cpu: pass
    return {"environment": dict(os.environ), "pid": os.getpid()}, ()
child_main.TASKS["spin"] = child_main.TASKS["draw"] = spin
child_main.main()
"""
SPINNING = (sys.executable, "-c", MAIN)


def spin(child, cpu=0.0, allowed=10, wall=30, task="spin"):
    request = {"task": task, "cpu": cpu, "memory_mb": 2048, "seconds": allowed}
    return child.ask(request, seconds=wall, most=0).header


@pytest.fixture
def child():
    with closing(Child(SPINNING)) as started:
        yield started


@pytest.mark.parametrize(
    "name", ["RANKLENS_LLM_KEY", "RANKLENS_COHERE_KEY", "OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY"]
)
def test_no_key_reaches_the_process(name, monkeypatch):
    monkeypatch.setenv(name, "canary-4711")
    monkeypatch.setenv("LANG", "C.UTF-8")
    with closing(Child(SPINNING)) as child:
        environment = spin(child)["environment"]
    assert "canary" not in str(environment)
    assert environment["LANG"] == "C.UTF-8"


def test_a_module_in_the_current_folder_is_not_the_projects(tmp_path, monkeypatch):
    for name in ("json.py", "ctypes.py", "ingest.py"):
        (tmp_path / name).write_text("raise SystemExit")
    (tmp_path / "a.txt").write_text("Mars has two moons.")
    monkeypatch.chdir(tmp_path)
    assert parse(tmp_path / "a.txt", SETTINGS).text == "Mars has two moons."


def test_processor_time_is_limited_by_the_system(child):
    with pytest.raises(DocumentError, match="parse_seconds"):
        spin(child, cpu=20, allowed=1)


def test_what_a_process_used_before_does_not_count(child):
    spin(child, cpu=2.5, allowed=5)
    assert spin(child, cpu=0.5, allowed=1)["pid"] > 0


PARENT = """
import sys, threading, time
from ingest.child import Child
child = Child((sys.executable, "-c", sys.argv[1]))
ask = lambda cpu: child.ask(
    {"task": "spin", "cpu": cpu, "memory_mb": 2048, "seconds": 60}, seconds=60, most=0)
print(ask(0).header["pid"], flush=True)
ask(50)
"""


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="the system has no such priorities")
def test_documents_are_read_behind_others_and_pages_drawn_beside_them(child):
    process, own = spin(child, task="draw")["pid"], os.getpriority(os.PRIO_PROCESS, 0)
    assert os.getpriority(os.PRIO_PROCESS, process) == own
    for _ in range(2):
        spin(child)
        assert os.getpriority(os.PRIO_PROCESS, process) == max(own, BEHIND)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it ends with its input")
def test_a_busy_process_dies_with_its_parent():
    parent = subprocess.Popen(
        (sys.executable, "-c", PARENT, MAIN), cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    pid = int(parent.stdout.readline())
    time.sleep(0.3)  # now it is busy and reads nothing
    parent.send_signal(signal.SIGKILL)
    parent.wait(10)
    parent.stdout.close()
    try:
        assert gone(pid)
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def gone(pid, seconds=10.0):
    """Whether a process ends, or is only waiting to be collected."""
    for _ in range(int(seconds / 0.1)):
        with suppress(FileNotFoundError):
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                time.sleep(0.1)
                continue
        return True
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it ends with its input")
def test_a_process_whose_parent_is_gone_already_does_nothing():
    ended = subprocess.run(
        (*COMMAND, "1"), cwd=ROOT, input=b'{"parts": []}\n', capture_output=True, timeout=20
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")


HEADER = {"media_type": "x", "pages": None, "warnings": [], "ocr": [0, None], "attached": []}


def answering(code):
    start = "import sys; from ingest.messages import receive, send; receive(sys.stdin.buffer, 1000)"
    return (sys.executable, "-c", f"{start}; {code}")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("send(sys.stdout.buffer, {}, [bytes(3 << 20)])", "more than 1 MB.*max_document_char"),
        ("sys.stdout.buffer.write(b'{\"parts\": [-1]}\\n' + bytes(1000))", "cannot be read"),
        ("sys.stdout.buffer.write(bytes(3 << 20))", "cannot be read"),
        ("send(sys.stdout.buffer, {}, [b'x', b'[]', b'', b'{}'])", "cannot be read"),
        ("send(sys.stdout.buffer, {}, [b'x'])", "cannot be read"),
        (f"send(sys.stdout.buffer, {HEADER}, [b'\\xff'] * 4)", "cannot be read"),
    ],
)
def test_an_answer_that_is_too_large_or_senseless_is_refused(tmp_path, code, words):
    settings = SETTINGS.updated(max_document_characters=1000)
    parser = Parser(settings, words_tokeniser(), answering(code))
    with closing(parser), pytest.raises(DocumentError, match=words):
        parser.parse(tmp_path / "a.txt", "d", "a.txt")


def test_messages_travel(tmp_path):
    path = tmp_path / "stream"
    with path.open("wb") as stream:
        send(stream, {"a": "ü\n"}, [b"1\n2", b""])
        send(stream, {})
    with path.open("rb") as stream:
        assert receive(stream, 3) == Packet({"a": "ü\n"}, [b"1\n2", b""])
        assert receive(stream, 0) == Packet({}, [])
        assert receive(stream, 0) is None
    with path.open("rb") as stream, pytest.raises(PartsTooLarge):
        receive(stream, 2)
