from pathlib import Path

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
