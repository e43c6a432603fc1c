import sys
import time
from contextlib import closing

import pytest

from ingest.child import Child
from ingest.loaders.base import Block, Page
from ingest.parse import Parser
from ingest.parsed import BlockSpan, assemble
from rag.errors import DocumentError
from rag.settings import Settings
from tests.ingest.build import MAKERS, parse, pdf

SETTINGS = Settings()


def test_assemble_joins_blocks_and_rows():
    pages = [
        Page(1, (Block("H", "heading", 1), Block("a: 1", "row"), Block("a: 2", "row"))),
        Page(2, (Block("a: 3", "row"),)),
    ]
    parsed = assemble("text/x", pages)
    assert parsed.text == "H\n\na: 1\na: 2\n\na: 3"
    assert parsed.pages == 2
    assert parsed.spans[1] == BlockSpan(3, 7, "row", 0, 1)
    assert [parsed.text[s.start : s.end] for s in parsed.spans] == ["H", "a: 1", "a: 2", "a: 3"]
    assert assemble("text/x", [Page(None, (Block("x"),))]).pages is None


def test_parse_in_its_own_process(tmp_path):
    path = tmp_path / "digest"
    path.write_bytes(MAKERS[".docx"]())
    parsed = parse(path, SETTINGS, name="räk 'n roll\n.docx")
    assert parsed.media_type.endswith("wordprocessingml.document")
    assert "Mars has two moons." in parsed.text


def test_password_reaches_the_parser(tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf(password="secret"))
    assert "Mars has two moons." in parse(path, SETTINGS, password="secret").text
    with pytest.raises(DocumentError, match="password is needed"):
        parse(path, SETTINGS)


def test_lone_surrogates_are_replaced(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b'{"a": "x\\ud800y"}')
    assert parse(path, SETTINGS).text == "a: x?y"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os; os._exit(3)", r"stopped \(exit code 3\)"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", r"crashed \(SIGSEGV\)"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed, probably for want"),
        ("1/0", "exit code 1"),
    ],
)
def test_a_parser_that_dies(code, words):
    child = Child((sys.executable, "-c", code))
    with closing(child), pytest.raises(DocumentError, match=words):
        child.ask({}, seconds=20, most=0)


def test_a_parser_that_hangs_is_stopped_with_its_children():
    sleep = "import time; time.sleep(60)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {sleep!r}])"
    start = time.monotonic()
    late = pytest.raises(DocumentError, match=r"longer than 1 second .*parse_seconds")
    with closing(Child((sys.executable, "-c", code))) as child, late:
        child.ask({}, seconds=1, most=0)
    assert time.monotonic() - start < 10


def test_memory_limit(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b"[" + b"{}," * 8_000_000 + b"{}]")
    with pytest.raises(DocumentError, match=r"parse_memory_mb|killed|exit code"):
        parse(path, SETTINGS.updated(parse_memory_mb=512))


def test_missing_and_folder(tmp_path):
    with pytest.raises(DocumentError, match="no such file"):
        parse(tmp_path / "none.txt", SETTINGS)
    with pytest.raises(DocumentError, match="folder"):
        parse(tmp_path, SETTINGS)


def test_unreadable(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("x")
    path.chmod(0)
    try:
        path.read_bytes()
    except PermissionError:
        with pytest.raises(DocumentError, match="cannot be read"):
            parse(path, SETTINGS)
    else:
        pytest.skip("this user reads every file")


COUNTING = """
import sys
from ingest.messages import receive, send
number = 0
while receive(sys.stdin.buffer, 1000):
    number += 1
    {behaviour}
    header = {{"media_type": "text/plain", "pages": None, "warnings": []}}
    header |= {{"ocr": [0, None], "attached": []}}
    send(sys.stdout.buffer, header, [b"%d" % number, b"[]", b"", b"[]"])
"""


@pytest.fixture
def counting(tmp_path):
    """Return how a parser is made whose text is how many documents its process was given."""
    path = tmp_path / "a.txt"
    path.write_text("x")
    made = []

    def make(behaviour="pass", settings=SETTINGS):
        command = (sys.executable, "-c", COUNTING.format(behaviour=behaviour))
        made.append(Parser(settings, tmp_path, command))
        return lambda: made[-1].parse(path, "0", "a.txt").text

    yield make
    for parser in made:
        parser.close()


def test_one_process_parses_document_after_document(counting):
    parse_one = counting()
    assert [parse_one() for _ in range(3)] == ["1", "2", "3"]


def test_a_process_is_replaced_after_some_documents(counting, monkeypatch):
    monkeypatch.setattr("ingest.parse.ANSWERS", 2)
    parse_one = counting()
    assert [parse_one() for _ in range(5)] == ["1", "2", "1", "2", "1"]


@pytest.mark.parametrize("harm", ["1/0", "send(sys.stdout.buffer, {'memory': True}); continue"])
def test_what_a_former_document_left_behind_fails_no_document(counting, harm):
    parse_one = counting(f"if number == 3: {harm}")
    assert [parse_one() for _ in range(4)] == ["1", "2", "1", "2"]


def test_a_document_that_kills_every_process_fails_and_the_next_is_parsed(counting):
    parse_one = counting("if number == 1: 1/0")
    with pytest.raises(DocumentError, match="exit code 1"):
        parse_one()
    with pytest.raises(DocumentError, match="exit code 1"):
        parse_one()


def test_a_document_that_hangs_is_not_tried_again(counting):
    parse_one = counting(
        "if number == 2: import time; time.sleep(60)", SETTINGS.updated(parse_seconds=1)
    )
    assert parse_one() == "1"
    start = time.monotonic()
    with pytest.raises(DocumentError, match="parse_seconds"):
        parse_one()
    assert time.monotonic() - start < 10
    assert parse_one() == "1"


def test_code_that_lies_in_the_working_folder_is_not_run(tmp_path, monkeypatch):
    for name in ("json", "pypdf", "ingest"):
        (tmp_path / f"{name}.py").write_text("open('ran', 'w')\n")
    (tmp_path / "a.pdf").write_bytes(pdf())
    monkeypatch.chdir(tmp_path)
    assert "Mars has two moons." in parse(tmp_path / "a.pdf", SETTINGS).text
    assert not (tmp_path / "ran").exists()
