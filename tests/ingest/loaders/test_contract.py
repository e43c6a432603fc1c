"""One suite over every registered format of text; those of pictures are in test_pictures.py."""

import pytest

from ingest.loaders import BINARY, LOADERS, PICTURES, load, read
from rag.errors import DocumentError
from tests.ingest.build import HEADING, MAKERS, MARS, SENTENCE

ALIASES = {
    ".htm": ".html", ".xhtml": ".html", ".markdown": ".md", ".text": ".txt", ".log": ".txt",
    ".rst": ".txt", ".ndjson": ".jsonl",
}  # fmt: skip


def blocks_of(tmp_path, data, name):
    path = tmp_path / name
    path.write_bytes(data)
    return [b for page in load(path) for b in page.blocks]


def test_every_format_has_a_maker():
    assert set(LOADERS) - PICTURES == set(MAKERS) | set(ALIASES)


@pytest.mark.parametrize("suffix", sorted(set(LOADERS) - PICTURES))
def test_loads_facts(tmp_path, suffix):
    made = ALIASES.get(suffix, suffix)
    blocks = blocks_of(tmp_path, MAKERS[made](), f"a{suffix}")
    texts = [b.text for b in blocks]
    assert all(t == t.strip() and t for t in texts)
    assert all((b.kind == "heading") == (b.level > 0) for b in blocks)
    if made not in (".csv", ".tsv", ".jsonl"):
        assert any(b.kind == "heading" and b.text == HEADING for b in blocks)
        assert any(SENTENCE in t for t in texts)
    if made not in (".txt", ".eml", ".pdf"):
        assert MARS in texts


@pytest.mark.parametrize("suffix", sorted(MAKERS))
def test_empty_file(tmp_path, suffix):
    with pytest.raises(DocumentError, match="the file is empty"):
        blocks_of(tmp_path, b"", f"a{suffix}")


@pytest.mark.parametrize("suffix", sorted(set(MAKERS) - BINARY - {".json", ".jsonl", ".eml"}))
def test_white_space_only(tmp_path, suffix):
    with pytest.raises(DocumentError, match="nothing to read"):
        blocks_of(tmp_path, b" \n\n \t\n", f"a{suffix}")


@pytest.mark.parametrize("suffix", sorted(BINARY - PICTURES))
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_truncated(tmp_path, suffix, share):
    data = MAKERS[suffix]()
    cut = data[: int(len(data) * share)]
    with pytest.raises(DocumentError, match=r"damaged|no text"):
        blocks_of(tmp_path, cut, f"a{suffix}")


@pytest.mark.parametrize("suffix", sorted(BINARY - PICTURES))
def test_corrupt_in_the_middle(tmp_path, suffix):
    data = MAKERS[suffix]()
    third = len(data) // 3
    broken = data[:third] + b"\xff" * third + data[2 * third :]
    with pytest.raises(DocumentError, match=r"damaged|no text"):
        blocks_of(tmp_path, broken, f"a{suffix}")


@pytest.mark.parametrize("suffix", sorted(set(MAKERS) - BINARY))
def test_binary_under_a_text_suffix(tmp_path, suffix):
    noise = bytes(range(256)) * 40
    with pytest.raises(DocumentError, match=r"not text|not valid JSON|no e-mail"):
        blocks_of(tmp_path, noise, f"a{suffix}")


@pytest.mark.parametrize("suffix", sorted(BINARY - PICTURES))
def test_content_decides(tmp_path, suffix):
    path = tmp_path / "misnamed.txt"
    path.write_bytes(MAKERS[suffix]())
    assert read(path)[0] == LOADERS[suffix].media_type
    with pytest.raises(DocumentError, match=r"named \.docx, but its content is not"):
        blocks_of(tmp_path, b"just words", "a.docx")


def test_html_named_docx_is_read_as_html(tmp_path):
    assert MARS in [b.text for b in blocks_of(tmp_path, MAKERS[".html"](), "a.docx")]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 600, "password-protected Office"),
        (b"GIF89a0000", "GIF"),
        (b"plain words", r"\.xyz are not supported; supported are \.pdf, \.docx"),
    ],
)
def test_unsupported(tmp_path, data, words):
    with pytest.raises(DocumentError, match=words):
        blocks_of(tmp_path, data, "a.xyz")


def test_no_such_file_and_folder(tmp_path):
    with pytest.raises(DocumentError, match="no such file"):
        load(tmp_path / "none.txt")
    with pytest.raises(DocumentError, match="folder"):
        load(tmp_path)


@pytest.mark.parametrize(
    "name", ["räksmörgås 🍤.md", "a'b;c&d.md", "-rf.md", "a.b.c.md", "x\ny.md"]
)
def test_odd_names(tmp_path, name):
    assert blocks_of(tmp_path, b"words", name)[0].text == "words"


def test_name_gives_the_suffix(tmp_path):
    path = tmp_path / "0123abcd"
    path.write_bytes(MAKERS[".csv"]())
    assert load(path, name="Planets.CSV")[0].blocks[0].text == MARS
