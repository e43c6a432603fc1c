"""The sample library is complete, and every gold quote stands in the text that we extract."""

import json
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from ingest.loaders import load
from tools.make_samples import make

FOLDER = Path(__file__).parents[1] / "sample_docs"
ASIDE = {"README.md", "questions.jsonl"}
KINDS = {"fact", "table", "paraphrase", "identifier", "number", "multi", "unanswerable"}
FORMATS = {
    *(".pdf", ".docx", ".pptx", ".xlsx", ".html", ".md", ".txt", ".csv", ".jsonl", ".epub", ".eml")
}
DOCUMENTS = sorted(path.name for path in FOLDER.iterdir() if path.name not in ASIDE)
QUESTIONS = [
    json.loads(line) for line in (FOLDER / "questions.jsonl").read_text("utf-8").splitlines()
]
ANSWERABLE = [question for question in QUESTIONS if question["gold"]]


def folded(path: Path) -> str:
    blocks = [block.text for page in load(path) for block in page.blocks]
    return " ".join(" ".join(blocks).split())


@cache
def text_of(document: str) -> str:
    return folded(FOLDER / document)


@pytest.mark.parametrize("question", ANSWERABLE, ids=lambda question: question["id"])
def test_every_gold_quote_is_in_its_document(question):
    for gold in question["gold"]:
        assert gold["quote"] in text_of(gold["document"])


def test_a_quote_points_at_one_place():
    for question in ANSWERABLE:
        for gold in question["gold"]:
            assert text_of(gold["document"]).count(gold["quote"]) == 1, gold


def test_ids_are_unique():
    repeated = [id for id, n in Counter(q["id"] for q in QUESTIONS).items() if n > 1]
    assert repeated == []


def test_questions_have_the_form_that_the_readme_promises():
    allowed = {"id", "question", "kind", "gold", "answer", "suggested"}
    for question in QUESTIONS:
        assert allowed - {"suggested"} <= question.keys() <= allowed
        assert question["kind"] in KINDS
        unanswerable = question["kind"] == "unanswerable"
        assert unanswerable == (not question["gold"]) == (not question["answer"])
        assert question["kind"] != "multi" or len(question["gold"]) > 1


def test_there_are_enough_questions_of_every_kind():
    kinds = Counter(question["kind"] for question in QUESTIONS)
    assert kinds.keys() == KINDS
    assert kinds["unanswerable"] >= 5
    assert len(ANSWERABLE) >= 25
    assert len(QUESTIONS) >= 40


def test_six_answerable_questions_are_suggested():
    suggested = [question for question in QUESTIONS if question.get("suggested")]
    assert len(suggested) == 6
    assert all(question["gold"] for question in suggested)


def test_every_document_is_the_gold_of_a_question():
    assert {gold["document"] for q in ANSWERABLE for gold in q["gold"]} == set(DOCUMENTS)


def test_all_main_formats_are_there_and_the_folder_is_small():
    assert {Path(name).suffix for name in DOCUMENTS} == FORMATS
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 1_000_000


def test_pages_are_known_where_the_format_has_them():
    pages = {name: [page.number for page in load(FOLDER / name)] for name in DOCUMENTS}
    assert pages["voyager-grand-tour.pdf"] == [1, 2, 3]
    assert pages["planets-and-moons.xlsx"] == [1, 2]
    assert pages["space-telescopes.pptx"] == list(range(1, 11))


def test_the_generated_documents_say_what_their_sources_say(tmp_path):
    make(tmp_path)
    for path in tmp_path.iterdir():
        assert folded(path) == text_of(path.name)


def test_making_the_documents_twice_gives_the_same_bytes(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        make(folder)
    assert [p.read_bytes() for p in sorted(first.iterdir())] == [
        p.read_bytes() for p in sorted(second.iterdir())
    ]
