import os
from pathlib import Path

import pytest

from ranklens import samples
from ranklens.adding import find


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def names(found) -> list[str]:
    return [item.name for item in found if not item.refused]


def test_folders_are_walked_in_order_without_hidden_files(tmp_path: Path):
    touch(tmp_path / "b.md", tmp_path / "a.PDF", tmp_path / "sub/b.md", tmp_path / ".git/c.md")
    touch(tmp_path / ".hidden.md")
    assert names(find([tmp_path])) == ["a.PDF", "b.md", "sub/b.md"]


def test_unknown_formats_are_skipped_in_folders_only(tmp_path: Path):
    touch(tmp_path / "a.zzz")
    (skipped,) = find([tmp_path])
    assert skipped.refused.status == "skipped"
    (given,) = find([tmp_path / "a.zzz"])
    assert (given.name, given.refused) == ("a.zzz", None)


def test_a_missing_path_is_a_failure_with_a_reason(tmp_path: Path):
    (missing,) = find([tmp_path / "no.md"])
    assert missing.refused.reason == "there is no such file or folder"


def test_a_second_file_of_one_name_is_refused_and_the_same_file_taken_once(tmp_path: Path):
    touch(tmp_path / "x/a.md", tmp_path / "y/a.md")
    first, second = find([tmp_path / "x/a.md", tmp_path / "y/a.md"])
    assert first.refused is None
    assert "same name" in second.refused.reason
    assert len(find([tmp_path / "x/a.md", tmp_path / "x"])) == 1


def test_a_folder_that_links_to_itself_ends(tmp_path: Path):
    touch(tmp_path / "a.md")
    (tmp_path / "again").symlink_to(tmp_path)
    assert names(find([tmp_path])) == ["a.md"]


def test_a_link_that_leads_out_of_a_folder_is_skipped_but_may_be_named(tmp_path: Path):
    inside, secret = tmp_path / "given", tmp_path / "secret.md"
    touch(inside / "sub/a.md", secret)
    (inside / "sub/within.md").symlink_to("a.md")
    (inside / "sub/out.md").symlink_to("../../secret.md")
    (inside / "whole.md").symlink_to(secret)
    found = find([inside])
    assert names(found) == ["sub/a.md", "sub/within.md"]
    refused = {Path(item.name).name: item.refused for item in found if item.refused}
    assert set(refused) == {"out.md", "whole.md"}
    for outcome in refused.values():
        assert outcome.status == "skipped"
        assert outcome.reason == ("is a link to a file outside of the folder; add that file itself")
    assert names(find([inside / "whole.md"])) == ["whole.md"]


def test_a_folder_that_is_a_link_itself_is_walked(tmp_path: Path):
    touch(tmp_path / "real/a.md")
    (tmp_path / "real/b.md").symlink_to(tmp_path / "real/a.md")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert names(find([tmp_path / "link"])) == ["a.md", "b.md"]


def test_a_link_to_itself_is_left_to_fail_with_its_reason(tmp_path: Path):
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.md").symlink_to("a.md")
    assert [item.name for item in find([tmp_path / "x", tmp_path / "y"])]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_pipes_and_devices_in_a_folder_are_skipped(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.md")
    (found,) = find([tmp_path])
    assert found.refused.status == "skipped"
    assert "pipe" in found.refused.reason


def test_the_sample_folder_gives_the_documents_that_the_page_adds():
    found = find([samples.FOLDER])
    assert len(names(found)) == 12
    refused = {Path(item.name).name: item.refused for item in found if item.refused}
    assert set(refused) == {"README.md", "questions.jsonl"}
    assert "`ranklens questions`" in refused["questions.jsonl"].reason
    assert "add it by its name" in refused["README.md"].reason
    assert names(find([samples.FOLDER / "questions.jsonl"])) == ["questions.jsonl"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("questions.csv", "question,document,quote\nHow far?,a.md,It is far\n"),
        ("questions.csv", "\ufeffquestion,corpus_id,references\n"),
        ("questions.jsonl", '\n{"question": "How far?", "gold": []}\n'),
    ],
)
def test_a_question_set_beside_documents_is_no_document(tmp_path: Path, name: str, content: str):
    touch(tmp_path / "sub/a.md", tmp_path / "sub/License.txt", tmp_path / "README.md")
    (tmp_path / "sub" / name).write_text(content, "utf-8")
    assert names(find([tmp_path])) == ["README.md", "sub/a.md"], "what is beside it is left out"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("questions.csv", "question,answer\nMay I smoke?,No\n"),
        ("questions.jsonl", '{"question": "May I smoke?", "answer": "No"}\n'),
        ("questions.jsonl", '{"question": "May I'),
        ("questions.jsonl", ""),
        ("asked.csv", "question,document,quote\n"),
    ],
)
def test_questions_without_quotes_are_a_document(tmp_path: Path, name: str, content: str):
    touch(tmp_path / "README.md")
    (tmp_path / name).write_text(content, "utf-8")
    assert sorted(names(find([tmp_path]))) == sorted(["README.md", name])
