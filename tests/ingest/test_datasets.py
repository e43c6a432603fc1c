"""Folders to evaluate on: read whole or refused with every faulty row, indexed once, reused."""

from __future__ import annotations

import gzip
import json
import threading
from pathlib import Path

import pytest

from ingest import datasets
from ingest.datasets import prepare
from ingest.datasets.base import CorpusRow
from ingest.datasets.questions import read as read_questions
from ingest.datasets.rows import digest, parsed
from ingest.progress import IndexingProgress
from rag.errors import RanklensError
from rag.settings import Settings
from ranklens.library import Library
from tests.fakes import WordEncoder

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
SAMPLES = Path(__file__).resolve().parents[2] / "sample_docs"
CORPUS = [
    {"_id": "Åre (moon) 1", "title": "Moon", "text": "The moon makes the tide."},
    {"_id": "b/..", "title": "", "text": "A comet has a long orbit."},
    {"_id": 7, "text": "Mars has two moons and a probe. " * 30, "metadata": {}},
    {"_id": "same", "title": "Moon", "text": "The moon makes the tide."},
]
QUERIES = [{"_id": "q1", "text": "What makes the tide?"}, {"_id": "unjudged", "text": "Why?"}]


def jsonl(path: Path, rows: list[object]) -> None:
    text = "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)


@pytest.fixture(params=["", ".gz"])
def beir(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    folder = tmp_path / "set"
    jsonl(folder / f"corpus.jsonl{request.param}", CORPUS)
    jsonl(folder / f"queries.jsonl{request.param}", QUERIES)
    qrels = "query-id\tcorpus-id\tscore\nq1\tÅre (moon) 1\t2\nq1\tgone\t1\nq1\t7\t0\n"
    (folder / "qrels").mkdir()
    (folder / "qrels" / "test.tsv").write_text(qrels, "utf-8")
    return folder


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> WordEncoder:
    """The encoder that counts words, in place of the real one."""
    encoder = WordEncoder()
    monkeypatch.setattr("ranklens.library.load_encoder", lambda _settings: encoder)
    return encoder


def test_beirs_layout(beir: Path):
    dataset = datasets.read(beir)
    assert [row.id for row in dataset.rows] == ["Åre (moon) 1", "b/..", "7", "same"]
    assert [question.id for question in dataset.questions] == ["q1"]
    assert dataset.qrels == {"q1": {"Åre (moon) 1": 2, "gone": 1, "7": 0}}
    assert dataset.unit == "document"
    assert dataset.notes == ("1 judged document is not in the corpus, which counts as not found",)
    assert dataset.limited(0).questions == ()
    assert len(dataset.limited(0).rows) == 4


def test_rows_are_indexed_once_and_follow_changes(
    beir: Path, settings: Settings, words: WordEncoder
):
    dataset = datasets.read(beir)
    seen: list[IndexingProgress] = []
    with Library.open(settings.updated(library=settings.library / "own"), reindex=True) as library:
        assert prepare.fill(library, dataset, seen.append)
        assert seen[-1].documents_done == 4
        assert not seen[-1].running
        assert library.verify().problems == ()
        assert library.text("Åre (moon) 1") == "Moon\nThe moon makes the tide."
        assert (
            len({chunk.id for name in ("same", "Åre (moon) 1") for chunk in library.chunks(name)})
            == 2
        )
        trace = library.pipeline.with_settings(reranker="none").search("tide")
        assert {hit.chunk.document for hit in trace.stage("lexical").hits} == {
            "same",
            "Åre (moon) 1",
        }
    jsonl(beir / "corpus.jsonl", [*CORPUS[:2], {"_id": "same", "text": "The sun and a ring."}])
    (beir / "corpus.jsonl.gz").unlink(missing_ok=True)
    seen.clear()
    with Library.open(settings.updated(library=settings.library / "own"), reindex=True) as library:
        assert prepare.fill(library, datasets.read(beir), seen.append)
        assert [p.documents_total for p in seen] == [1]
        assert [d.name for d in library.documents()] == ["b/..", "same", "Åre (moon) 1"]
        assert library.text("same") == "The sun and a ring."
        assert library.verify().problems == ()


def test_what_was_stopped_goes_on(
    beir: Path, settings: Settings, words: WordEncoder, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("ingest.batched.AT_ONCE", 1)
    stop = threading.Event()
    dataset = datasets.read(beir)
    seen: list[IndexingProgress] = []
    with Library.open(settings.updated(library=settings.library), reindex=True) as library:
        assert not prepare.fill(library, dataset, lambda _progress: stop.set(), stop)
        assert len(library.documents()) == 1
        catalogue = library.index.catalogue
        catalogue.update_document(catalogue.add_document("half", 1, "d"), status="indexing")
    with Library.open(settings.updated(library=settings.library), reindex=True) as library:
        assert prepare.fill(library, dataset, seen.append)
        assert [p.documents_done for p in seen] == [1, 2, 3]
        assert len(library.documents()) == 4
    other = settings.updated(chunk_tokens=32)
    with Library.open(other.updated(library=settings.library), reindex=True) as library:
        assert prepare.fill(library, dataset)
        assert len(library.chunks("7")) > 1
        assert library.verify().problems == ()


def test_a_row_is_its_title_and_its_text():
    found = parsed(CorpusRow("x", "Title", "Words."))
    assert found.text == "Title\nWords."
    assert [(found.text[s.start : s.end], s.kind) for s in found.spans] == [
        ("Title", "heading"), ("Words.", "paragraph")
    ]  # fmt: skip
    assert parsed(CorpusRow("x", "", "Words.")).text == "Words."
    assert parsed(CorpusRow("x", "Title", "")).text == "Title"
    assert digest(CorpusRow("x", "a", "b")) != digest(CorpusRow("y", "a", "b"))


def test_every_faulty_row_is_named(tmp_path: Path):
    folder = tmp_path / "bad"
    jsonl(folder / "queries.jsonl", QUERIES)
    (folder / "qrels.tsv").write_text("q1\td\t1\nq1 d\nq1\td\tmuch\n")
    (folder / "corpus.jsonl").write_text(
        '{"_id": "d", "text": "x"}\n{\n[]\n{"text": "y"}\n{"_id": "d", "text": 3}\n'
    )
    with pytest.raises(RanklensError) as caught:
        datasets.read(folder)
    for line in (2, 3, 4, 5):
        assert f"line {line}: " in str(caught.value)
    jsonl(folder / "corpus.jsonl", CORPUS)
    with pytest.raises(RanklensError, match=r"qrels.tsv: 2 rows(.|\n)*line 2(.|\n)*line 3"):
        datasets.read(folder)
    (folder / "queries.jsonl").unlink()
    with pytest.raises(RanklensError, match=r"queries\.jsonl"):
        datasets.read(folder)
    with pytest.raises(RanklensError, match="neither corpus"):
        datasets.read(tmp_path)
    with pytest.raises(RanklensError, match="not a folder"):
        datasets.read(tmp_path / "nowhere")


def test_documents_with_quotes(tmp_path: Path, settings: Settings, words: WordEncoder):
    (tmp_path / "moon.md").write_text(
        "# Moon\n\nThe **moon** makes\nthe tide.\n\nA probe went there."
    )
    (tmp_path / "sun.txt").write_text("The sun has no ring.")
    (tmp_path / "README.md").write_text("not a document")
    references = [{"content": "The **moon** makes\nthe tide.", "start_index": 8, "end_index": 36}]
    gone = [{"content": "not there at all", "start_index": 0, "end_index": 5}]
    (tmp_path / "questions.csv").write_text(
        "question,references,corpus_id\n"
        f'Tide?,"{json.dumps(references).replace(chr(34), chr(34) * 2)}",moon\n'
        f'Ring?,"{json.dumps(gone).replace(chr(34), chr(34) * 2)}",sun\n'
    )
    dataset = datasets.read(tmp_path)
    assert [path.name for path in dataset.files] == ["moon.md", "sun.txt"]
    assert dataset.unit == "passage"
    with Library.open(settings.updated(library=settings.library), reindex=True) as library:
        assert prepare.fill(library, dataset)
        grades, notes = prepare.grades_for(library, dataset)
        (chunk,) = library.chunks("moon.md")
        assert grades == {"q1": {chunk.id: 3}}
        assert notes == ("1 quote is not in the extracted text of the documents: q2 (sun.txt)",)
        (tmp_path / "sun.txt").unlink()
        (tmp_path / "questions.csv").write_text("question,document,quote\nTide?,moon.md,tide\n")
        assert prepare.fill(library, datasets.read(tmp_path))
        assert [d.name for d in library.documents()] == ["moon.md"]


def test_question_files(tmp_path: Path):
    topics = tmp_path / "topics.txt"
    topics.write_text("<top>\n<num> Number: 301\n<title> Who &amp; why?\n<desc> x\n</top>")
    assert [(q.id, q.text) for q in read_questions(topics)[0]] == [("301", "Who & why?")]
    topics.write_text("1\tWho?\n2\tWhy?\n")
    assert [q.id for q in read_questions(topics)[0]] == ["1", "2"]
    topics.write_text("1\tWho?\n1\tWhy?\n")
    with pytest.raises(RanklensError, match="'1' comes twice"):
        read_questions(topics)
    lines = tmp_path / "q.jsonl"
    jsonl(lines, [{"_id": "a", "text": "Who?"}, {"id": "b"}, {"id": "a", "question": "Why?"}])
    with pytest.raises(RanklensError, match=r"line 2: no text(.|\n)*line 3: the id 'a'"):
        read_questions(lines)
    table = tmp_path / "q.csv"
    table.write_text("question,answer\nWho?,me\n")
    ((question,), golds) = read_questions(table)
    assert (question.text, question.answer, golds) == ("Who?", "me", ())


@pytest.mark.parametrize("name", ["hotpotqa", "chunking"])
def test_the_public_sets_are_read(name: str):
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"{name} is not at ../shared/data")
    dataset = datasets.read(folder)
    assert len(dataset.questions) == {"hotpotqa": 500, "chunking": 276}[name]
    assert dataset.notes == ()


@pytest.mark.slow
def test_every_quote_of_the_samples_is_found(settings: Settings, words: WordEncoder):
    dataset = datasets.read(SAMPLES)
    assert len(dataset.files) == 12
    with Library.open(settings) as library:
        prepare.fill(library, dataset)
        grades, notes = prepare.grades_for(library, dataset)
    assert notes == ()
    assert {gold.question for gold in dataset.golds} == grades.keys()


def test_a_file_that_is_not_utf_8_is_said_without_jargon(tmp_path: Path):
    file = tmp_path / "questions.csv"
    file.write_bytes("id,question\nq1,Wie weit ist es für uns?\n".encode("cp1252"))
    with pytest.raises(RanklensError) as caught:
        read_questions(file)
    assert str(caught.value).startswith(f"{file} is not UTF-8 text (line 2); save it as UTF-8")
    assert "codec" not in str(caught.value)


def test_a_link_out_of_a_folder_is_none_of_its_documents(tmp_path: Path):
    folder = tmp_path / "set"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("The key is 1234.")
    (folder / "a.txt").write_text("The moon makes the tide.")
    (folder / "out.txt").symlink_to(tmp_path / "secret.txt")
    gold = {"document": "a.txt", "quote": "the tide"}
    jsonl(folder / "questions.jsonl", [{"id": "q", "question": "What?", "gold": [gold]}])
    assert [path.name for path in datasets.read(folder).files] == ["a.txt"]
